"""Where events are posted, and the key of their signature: ``FLYLE_WEBHOOK_*``.

The address is a secret as well: all who know Slack's can post to the channel.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from flyle_sf_assets.errors import Text, UsageError

URL_VARIABLE = "FLYLE_WEBHOOK_URL"
SECRET_VARIABLE = "FLYLE_WEBHOOK_SECRET"  # noqa: S105  the variable's name
SECRET_BYTES_MIN = 32
TIMEOUT_S = 10.0
TOTAL_S = 15.0


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The receiver; ``console_url`` is linked from events of tenants, if it is known.

    ``timeout_s`` is for the connection and for each wait for an answer, ``total_s`` for all of it.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    console_url: str | None = None
    timeout_s: float = TIMEOUT_S
    total_s: float = TOTAL_S


def webhook_target(variables: Mapping[str, str] = os.environ) -> WebhookTarget | None:
    """The receiver of this installation, None without one.

    Raises UsageError ``webhook_settings_invalid``, which never quotes the address or the key: it
    must be ``https``, or ``http`` to this machine (a relay beside it).
    """
    given = {name: value.strip() for name, value in variables.items()}
    url, secret = given.get(URL_VARIABLE, ""), given.get(SECRET_VARIABLE, "")
    if not url:
        return None
    _require_url(url)
    if len(secret.encode()) < SECRET_BYTES_MIN:
        raise _refused(
            SECRET_VARIABLE,
            Text(
                f"{SECRET_BYTES_MIN} バイトより短いか、設定されていません",
                f"it is shorter than {SECRET_BYTES_MIN} bytes, or not set",
            ),
        )
    return WebhookTarget(url, secret, given.get("FLYLE_CONSOLE_URL", "").rstrip("/") or None)


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_url = None, False
    if parts is None or not is_url or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(URL_VARIABLE, Text("URL ではありません", "it is not a URL"))
    if parts.scheme != "https" and not _is_loopback(parts):
        raise _refused(URL_VARIABLE, Text("https の URL ではありません", "it is not an https URL"))
    if parts.username is not None or parts.password is not None:
        raise _refused(
            URL_VARIABLE,
            Text("URL に認証情報が含まれています", "it has a user name or password in it"),
        )


def _is_loopback(parts: SplitResult) -> bool:
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return False
    return parts.scheme == "http" and address.is_loopback


def _refused(name: str, came_back: Text) -> UsageError:
    return UsageError(
        "webhook_settings_invalid",
        tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
        came_back=came_back,
        remedy=Text(f"{name} を直してください", f"Correct {name}"),
    )
