"""The operator's settings of the console: its address, what it trusts, the support contact.

What does not belong here: settings of a tenant (``settings``).
"""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.environment import SUPPORT_CONTACT, Environment
from flyle_sf_assets.store.tenants.envelopes import made_once

SECRET_FILE = "console.secret"  # noqa: S105  a file's name
METRICS_TOKEN_FILE = "metrics.token"  # noqa: S105  a file's name
SECRET_BYTES_MIN = 32
"""RFC 7518, 3.2: a key of HS256 has at least the size of the hash."""


@dataclass(frozen=True)
class ConsoleSettings:
    """``public_url`` is the address in people's browsers, without a slash at the end.

    With ``jwks_url`` tokens are checked against the keys there (RS256, ES256) and against no
    other; else with ``secret`` (HS256). ``embedded_by`` are origins that may frame the pages.
    ``trusted_proxies`` are addresses and networks whose ``X-Forwarded-For`` is trusted.
    ``metrics_token`` is the bearer token for ``/metrics``, which is missing without it.
    """

    public_url: str
    secret: str = field(repr=False)
    jwks_url: str | None = None
    support_contact: str = SUPPORT_CONTACT
    embedded_by: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _require_long("FLYLE_CONSOLE_SECRET", self.secret)
        if self.metrics_token is not None:
            _require_long("FLYLE_METRICS_TOKEN", self.metrics_token)
        if self.jwks_url is not None and urlsplit(self.jwks_url).scheme != "https":
            raise _refused(
                "FLYLE_CONSOLE_JWKS_URL",
                Text("https の URL ではありません", "it is not an https URL"),
            )

    @property
    def callback_url(self) -> str:
        """The address to which Salesforce sends users back."""
        return f"{self.public_url}/callback"

    @property
    def host(self) -> str:
        """The host name that requests must have."""
        return urlsplit(self.public_url).hostname or ""


def console_settings(
    environment: Environment, public_url: str, variables: Mapping[str, str] = os.environ
) -> ConsoleSettings:
    """Settings from ``FLYLE_CONSOLE_*`` and ``FLYLE_METRICS_TOKEN``, which the contract names.

    FLYLE_CONSOLE_URL overrides ``public_url``.

    Raises UsageError for a secret that is too short, and for invalid URLs and proxy
    addresses.
    """
    given = {name: value.strip() for name, value in variables.items()}
    url = given.get("FLYLE_CONSOLE_URL") or public_url
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise _refused("FLYLE_CONSOLE_URL", Text("URL ではありません", "it is not a URL"))
    return ConsoleSettings(
        public_url=url.rstrip("/"),
        secret=given.get("FLYLE_CONSOLE_SECRET") or _kept_secret(environment.home),
        jwks_url=given.get("FLYLE_CONSOLE_JWKS_URL") or None,
        support_contact=environment.support_contact,
        embedded_by=tuple(given.get("FLYLE_CONSOLE_EMBEDDED_BY", "").split()),
        trusted_proxies=_networks(given.get("FLYLE_CONSOLE_TRUSTED_PROXIES", "")),
        metrics_token=given.get("FLYLE_METRICS_TOKEN")
        or _kept_secret(environment.home, METRICS_TOKEN_FILE),
    )


def _networks(written: str) -> tuple[str, ...]:
    """``127.0.0.1, 10.0.0.0/8``; all addresses (``0.0.0.0/0``) are refused."""
    found = [entry.strip() for entry in written.split(",") if entry.strip()]
    for entry in found:
        try:
            network = ipaddress.ip_network(entry)
        except ValueError as error:
            raise _refused("FLYLE_CONSOLE_TRUSTED_PROXIES", Text.quoted(error)) from None
        if network.prefixlen == 0:
            raise _refused(
                "FLYLE_CONSOLE_TRUSTED_PROXIES",
                Text(f"{entry} はすべてのアドレスを指します", f"{entry} are all addresses"),
            )
    return tuple(found)


def _require_long(name: str, secret: str) -> None:
    if len(secret.encode()) < SECRET_BYTES_MIN:
        raise _refused(
            name,
            Text(
                f"{SECRET_BYTES_MIN} バイトより短い値です",
                f"it is shorter than {SECRET_BYTES_MIN} bytes",
            ),
        )


def _kept_secret(home: Path, file: str = SECRET_FILE) -> str:
    """A secret of the installation's own, made at the first start."""
    return made_once(home / file, secrets.token_urlsafe(48).encode())


def _refused(name: str, came_back: Text) -> UsageError:
    return UsageError(
        "console_settings_invalid",
        tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
        came_back=came_back,
        remedy=Text(f"{name} を直してください", f"Correct {name}"),
    )
