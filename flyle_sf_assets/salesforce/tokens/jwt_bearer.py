"""Tokens for a user by a signed assertion (JWT, RS256): no user logs in, no token is stored.

The app has the certificate, we the private key; an administrator has approved the app for the user.
Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"; RFC 7523.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.errors.rules import JWT_BEARER
from flyle_sf_assets.salesforce.tokens.access_tokens import AccessToken, AskedTokens, TokenTransport

ASSERTION_LIVES_S = 180
"""Salesforce requires an assertion that expires within minutes."""


class JwtBearer(AskedTokens):
    """Tokens for ``username``; consumer key and private key (PEM) are read when needed."""

    def __init__(
        self,
        transport: TokenTransport,
        org_url: str,
        *,
        consumer_key: Callable[[], str],
        username: str,
        private_key: Callable[[], str],
    ) -> None:
        super().__init__(transport, org_url, consumer_key)
        self._username = username
        self._private_key = private_key

    def _ask(self) -> AccessToken:
        claims = {
            "iss": self._consumer_key(),
            "sub": self._username,
            "aud": audience_of(self._org_url),
            "exp": int(time.time()) + ASSERTION_LIVES_S,
        }
        form = {"grant_type": JWT_BEARER, "assertion": signed(claims, self._private_key())}
        return self._transport.ask(self._org_url, form)


def audience_of(org_url: str) -> str:
    """The audience of the assertion: the login server of production or of sandboxes.

    A host that is not Salesforce's (``FLYLE_SF_EXTRA_HOSTS``) is its own login server.
    """
    host = urlsplit(org_url).hostname or ""
    if not host.endswith((".salesforce.com", ".cloudforce.com", ".salesforce.mil")):
        return org_url
    is_sandbox = host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com")
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"


def signed(claims: dict[str, Any], private_key: str) -> str:
    """The claims as a JWT signed with RS256. NotConnected when the key is no RSA key in PEM."""
    # Large parts of cryptography are needed for this flow only.
    import jwt  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

    # Parsed here: PyJWT would accept a public key as a signing key.
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        # Not chained: the text that failed to parse may be most of a key.
        raise NotConnected(
            "private_key_invalid",
            tried=Text("秘密鍵で署名しようとしました", "Tried to sign with the private key"),
            came_back=Text(
                "パスフレーズのない PEM 形式の RSA 秘密鍵ではありません",
                "it is no RSA private key in PEM form without a passphrase",
            ),
            remedy=remedies.PRIVATE_KEY_WRONG,
        )
    return jwt.encode(claims, key, algorithm="RS256")
