"""The tokens by which Flyle names a user: checked here, each valid for one session.

Names of claims are the public contract ("Console tokens"). Source: RFC 7519; RFC 8725 for what to
refuse.
"""

import re
import secrets
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from flyle_sf_assets.console.settings import ConsoleSettings
from flyle_sf_assets.console.users import ROLES, User
from flyle_sf_assets.errors import NotPermitted, Text
from flyle_sf_assets.settings.patterns import TENANT_PATTERN

AUDIENCE = "flyle-sf-console"
LIFETIME_S_MAX = 300
ISSUED_S = 120
LEEWAY_S = 30
"""The clocks of two machines may differ by this much."""

TEXT_CHARACTERS_MAX = 255
TOKEN_CHARACTERS_MAX = 8_192
RSA_BITS_MIN = 2048
"""RFC 7518, 3.3."""

CLAIMS = ("aud", "sub", "name", "tenant", "role", "plan", "iat", "exp", "jti")
JWKS_TIMEOUT_S = 5
JWKS_AGAIN_AFTER_S = 10.0
"""A token that names an unknown key causes the keys to be fetched again, but no sooner."""

_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs, which are no text and cannot be stored."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A valid token: its user, and the id by which it must not be used again."""

    user: User
    jti: str
    expires_at: datetime


class TokenKeys:
    """The keys that the operator trusts: one shared secret, or those at a JWKS URL.

    ``tls`` is the trust store for that URL; without it the system's authorities.
    """

    def __init__(self, settings: ConsoleSettings, tls: ssl.SSLContext | None = None) -> None:
        self._secret = settings.secret
        self._jwks = (
            _Jwks(settings.jwks_url, timeout=JWKS_TIMEOUT_S, ssl_context=tls)
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
                Text(
                    f"有効期間が {lifetime_s:.0f} 秒です(最長 {LIFETIME_S_MAX} 秒)",
                    f"it is valid for {lifetime_s:.0f} s; at most {LIFETIME_S_MAX} are allowed",
                )
            )
        if (issued - now).total_seconds() > LEEWAY_S:
            raise _refused(Text("未来の時刻に発行されています", "it was issued in the future"))
        if "nbf" in claims and (_moment(claims, "nbf") - now).total_seconds() > LEEWAY_S:
            raise _refused(Text("まだ有効ではありません", "it is not valid yet"))
        if (now - expires).total_seconds() > 0:
            raise _refused(Text("有効期限が切れています", "it has expired"))
        return Ticket(_user(claims), _text(claims, "jti"), expires)

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise _refused(
                Text(
                    f"{TOKEN_CHARACTERS_MAX:,} 文字より長い値です",
                    f"it is longer than {TOKEN_CHARACTERS_MAX:,} characters",
                )
            )
        try:
            key, algorithms = self._key_for(token)
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
        except (jwt.PyJWTError, TypeError, ValueError, RecursionError) as error:
            # The cause may quote parts of the token.
            raise _refused(Text.quoted(type(error).__name__)) from None
        return claims

    def _key_for(self, token: str) -> tuple[Any, list[str]]:
        """The key that the token names, and the one algorithm that fits such a key."""
        if self._jwks is None:
            return self._secret, ["HS256"]
        key = self._jwks.get_signing_key_from_jwt(token).key
        if isinstance(key, RSAPublicKey):
            if key.key_size < RSA_BITS_MIN:
                raise _refused(
                    Text(
                        f"RSA 鍵が {key.key_size} ビットです({RSA_BITS_MIN} ビット以上が必要)",
                        f"its RSA key has {key.key_size} bits; {RSA_BITS_MIN} are needed",
                    )
                )
            return key, ["RS256"]
        if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
            return key, ["ES256"]
        raise _refused(
            Text(
                "鍵が RSA でも P-256 でもありません",
                "its key is neither RSA nor on the curve P-256",
            )
        )


def issue_token(
    user: User, settings: ConsoleSettings, now: datetime, *, lifetime_s: int = ISSUED_S
) -> str:
    """The token by which Flyle would name this user, valid once."""
    claims = {
        "aud": AUDIENCE,
        "sub": user.subject,
        "name": user.name,
        "tenant": user.tenant,
        "role": user.role,
        "plan": user.plan,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=lifetime_s)).timestamp()),
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode(claims, settings.secret, algorithm="HS256")


class _Jwks(jwt.PyJWKClient):
    """PyJWT's client, which would ask the key server once for each forged token."""

    _fetched_s = -JWKS_AGAIN_AFTER_S

    def get_jwk_set(self, refresh: bool = False) -> jwt.PyJWKSet:  # noqa: FBT001, FBT002  PyJWT's
        """The keys, fetched again on request if the last fetch is some seconds ago."""
        now_s = time.monotonic()
        is_early = now_s - self._fetched_s < JWKS_AGAIN_AFTER_S
        if refresh and not is_early:
            self._fetched_s = now_s
        return super().get_jwk_set(refresh=refresh and not is_early)


def _user(claims: dict[str, Any]) -> User:
    tenant, role = _text(claims, "tenant"), _text(claims, "role")
    if not re.fullmatch(TENANT_PATTERN, tenant):
        raise _refused(
            Text("tenant がテナント名ではありません", "its tenant is not the name of a tenant")
        )
    for known in ROLES:
        if role == known:
            plan = _text(claims, "plan")
            return User(tenant, _text(claims, "sub"), _text(claims, "name"), known, plan)
    raise _refused(
        Text(
            f"role が {', '.join(ROLES)} のいずれでもありません",
            f"its role is none of {', '.join(ROLES)}",
        )
    )


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= TEXT_CHARACTERS_MAX
        or _UNSTORABLE.search(value)
    ):
        raise _refused(
            Text(
                f"クレーム {name} が1〜{TEXT_CHARACTERS_MAX}文字の文字列ではありません",
                f"its claim {name} is not a text of 1 to {TEXT_CHARACTERS_MAX} characters",
            )
        )
    return value


def _moment(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(
            Text(f"クレーム {name} が数値ではありません", f"its claim {name} is not a number")
        )
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _refused(
            Text(f"クレーム {name} が日時ではありません", f"its claim {name} is not a moment")
        ) from None


def used_before() -> NotPermitted:
    """The refusal of a token that has opened a session."""
    return _refused(Text("すでに使われています", "it was used before"))


def _refused(came_back: Text) -> NotPermitted:
    return NotPermitted(
        "console_token_refused",
        tried=Text(
            "Flyleからのトークンを確認しようとしました",
            "Tried to check the token that came from Flyle",
        ),
        came_back=came_back,
        remedy=Text(
            "Flyleの「外部サービス連携」画面から、もう一度開いてください",
            "Open this page again from Flyle's page of external services",
        ),
    )
