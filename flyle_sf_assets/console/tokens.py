"""The tokens by which Flyle says who comes: checked here, each good for one session.

Names of claims are the public contract ("Console tokens"). Source: RFC 7519; RFC 8725 for what
to refuse. What does not belong here: sessions (``sessions.py``).
"""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from flyle_sf_assets.console.configuration import ConsoleSettings
from flyle_sf_assets.console.people import ROLES, Person
from flyle_sf_assets.errors import NotPermitted, Text
from flyle_sf_assets.settings.models import TENANT_PATTERN

AUDIENCE = "flyle-sf-console"
LIFETIME_S_MAX = 300
LEEWAY_S = 30
"""Clocks of two machines differ by that much at most."""

TEXT_CHARACTERS_MAX = 255
CLAIMS = ("aud", "sub", "name", "tenant", "role", "plan", "iat", "exp", "jti")
JWKS_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token that holds: who comes, and by which id it must not be used again."""

    person: Person
    jti: str
    expires_at: datetime


class TokenKeys:
    """The keys that the operator trusts: one shared secret, or those at a JWKS URL.

    ``tls`` says whom to believe there; without it the system's authorities.
    """

    def __init__(self, settings: ConsoleSettings, tls: ssl.SSLContext | None = None) -> None:
        self._secret = settings.secret
        self._jwks = (
            jwt.PyJWKClient(settings.jwks_url, timeout=JWKS_TIMEOUT_S, ssl_context=tls)
            if settings.jwks_url
            else None
        )

    def __repr__(self) -> str:
        return "TokenKeys(***)"

    def check(self, token: str, now: datetime) -> Ticket:
        """The ticket of a token. Raises NotPermitted, which never quotes the token."""
        claims = self._claims(token)
        issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
        lifetime_s = (expires - issued).total_seconds()
        if not 0 < lifetime_s <= LIFETIME_S_MAX:
            raise _refused(
                f"it is valid for {lifetime_s:.0f} s; at most {LIFETIME_S_MAX} are allowed"
            )
        if (issued - now).total_seconds() > LEEWAY_S:
            raise _refused("it was issued in the future")
        if (now - expires).total_seconds() > 0:
            raise _refused("it has expired")
        return Ticket(_person(claims), _text(claims, "jti"), expires)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            if self._jwks is None:
                key: Any = self._secret
                algorithms = ["HS256"]
            else:
                key = self._jwks.get_signing_key_from_jwt(token).key
                algorithms = ["RS256", "ES256"]
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=AUDIENCE,
                # Times are checked against the clock that was passed in.
                options={
                    "require": list(CLAIMS),
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            # The cause may quote parts of the token.
            raise _refused(type(error).__name__) from None
        return claims


def _person(claims: dict[str, Any]) -> Person:
    tenant, role = _text(claims, "tenant"), _text(claims, "role")
    if not re.fullmatch(TENANT_PATTERN, tenant):
        raise _refused("its tenant is not the name of a tenant")
    for known in ROLES:
        if role == known:
            plan = _text(claims, "plan")
            return Person(tenant, _text(claims, "sub"), _text(claims, "name"), known, plan)
    raise _refused(f"its role is none of {', '.join(ROLES)}")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_CHARACTERS_MAX or "\0" in value:
        raise _refused(f"its claim {name} is not a text of 1 to {TEXT_CHARACTERS_MAX} characters")
    return value


def _moment(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"its claim {name} is not a number")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _refused(f"its claim {name} is not a moment") from None


def used_before() -> NotPermitted:
    """The refusal of a token that has opened a session."""
    return _refused("it was used before")


def _refused(came_back: str) -> NotPermitted:
    return NotPermitted(
        "console_token_refused",
        tried=Text("Flyleからのトークンを確認しました", "Checked the token that came from Flyle"),
        came_back=came_back,
        remedy=Text(
            "Flyleの「外部サービス連携」画面から、もう一度開いてください",
            "Open this page again from Flyle's page of external services",
        ),
    )
