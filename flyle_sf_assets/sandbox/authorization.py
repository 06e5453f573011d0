"""A user's consent: authorization codes, and assertions signed for a user.

Source: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration", "OAuth 2.0 JWT Bearer
Flow for Server-to-Server Integration". What does not belong here: the page on which the user
consents (``consent.py``), and the HTTP side (``oauth.py``).
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from flyle_sf_assets.sandbox.access import Access, TokenDenied

CODE_LIVES = timedelta(minutes=15)
ASSERTION_LIVES_MAX = timedelta(minutes=5)
LOGIN_URL = "https://login.salesforce.com"
LOGIN_URLS = (LOGIN_URL, "https://test.salesforce.com")


@dataclass(frozen=True, slots=True)
class Code:
    """An issued authorization code, and what its exchange must match."""

    user_id: str
    redirect_uri: str
    challenge: str | None
    scopes: frozenset[str]
    expires_at: datetime


class Authorization(Access):
    """The org's part in a user's consent.

    ``callback_urls`` are those registered with the app (None: any); ``requires_pkce`` is the app's
    setting of that name. ``jwt_public_key`` is the PEM of the app's certificate key, and
    ``preauthorized`` are the usernames for which an administrator approved the app.
    """

    requires_pkce = True
    callback_urls: Collection[str] | None = None
    jwt_public_key: bytes | None = None
    preauthorized: Collection[str] = ()

    def __init__(self, name: str, **parts: Any) -> None:
        super().__init__(name, **parts)
        self._codes: dict[str, Code] = {}

    def check_app(self) -> None:
        """TokenDenied while the app is too new to be known to the login servers."""
        if not self.is_key_active:
            raise TokenDenied("invalid_client_id", "client identifier invalid")

    def issue_code(
        self, user_id: str, redirect_uri: str, challenge: str | None, scopes: frozenset[str]
    ) -> str:
        """A code for a user who approved; it is valid for `CODE_LIVES` and works once."""
        with self.lock:
            code = f"aPrx{self._new_secret('code')[:60]}=="
            expires_at = self.now() + CODE_LIVES
            self._codes[code] = Code(user_id, redirect_uri, challenge, scopes, expires_at)
            return code

    def exchange(
        self, code: str, redirect_uri: str, verifier: str | None
    ) -> tuple[str, str | None]:
        """The access token, and the refresh token if its scope was asked for. TokenDenied."""
        with self.lock:
            # Every attempt uses the code up, whatever its result.
            kept = self._codes.pop(code, None)
            if kept is None:
                raise TokenDenied("invalid_grant", "invalid authorization code")
            if kept.expires_at <= self.now():
                raise TokenDenied("invalid_grant", "expired authorization code")
            if kept.redirect_uri != redirect_uri:
                raise TokenDenied("redirect_uri_mismatch", "redirect_uri must match configuration")
            _check_verifier(kept.challenge, verifier)
            self.check_user(kept.user_id)
            grant = self.new_grant()
            access = self.issue_access_token(kept.user_id, grant=grant)
            if not kept.scopes & {"refresh_token", "offline_access"}:
                return access, None
            return access, self.issue_refresh_token(kept.user_id, grant=grant)

    def user_of_assertion(self, assertion: str, url: str) -> tuple[str, str]:
        """The user for whom an assertion (a JWT, RS256) was signed, and the login host's URL.

        TokenDenied.
        """
        claims = self._verified(assertion)
        if claims.get("iss") != self.consumer_key:
            raise TokenDenied("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in (url, *LOGIN_URLS):
            raise TokenDenied("invalid_grant", "audience is invalid")
        expires = claims.get("exp")
        now = self.now().timestamp()
        if not isinstance(expires, int | float) or expires <= now:
            raise TokenDenied("invalid_grant", "expired authorization code")
        if expires > now + ASSERTION_LIVES_MAX.total_seconds():
            raise TokenDenied("invalid_grant", "assertion expiration is too far in the future")
        username = str(claims.get("sub", ""))
        users = {str(user["Username"]): str(user["Id"]) for user in self.records("User")}
        if username not in users or username not in self.preauthorized:
            raise TokenDenied("invalid_grant", "user hasn't approved this consumer")
        self.check_user(users[username])
        audience = str(claims["aud"])
        return users[username], audience if audience in LOGIN_URLS else LOGIN_URL

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            signed, _, signature = assertion.rpartition(".")
            header, _, claims = signed.partition(".")
            read = json.loads(_decoded(header)), json.loads(_decoded(claims))
            key = load_pem_public_key(self.jwt_public_key or b"")
            if read[0].get("alg") != "RS256" or not isinstance(key, RSAPublicKey):
                raise TokenDenied("invalid_grant", "invalid assertion")
            key.verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
        except (ValueError, binascii.Error, InvalidSignature):
            raise TokenDenied("invalid_grant", "invalid assertion") from None
        return dict(read[1])


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def issuer_of(assertion: str) -> str:
    """The consumer key that an assertion names, unverified; TokenDenied when it is none."""
    try:
        claims = json.loads(_decoded(assertion.split(".")[1]))
        return str(claims["iss"])
    except (ValueError, IndexError, KeyError, TypeError):
        raise TokenDenied("invalid_grant", "invalid assertion") from None


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    if challenge is None:
        if verifier is not None:
            raise TokenDenied("invalid_grant", "invalid code verifier")
        return
    if verifier is None:
        raise TokenDenied("invalid_grant", "missing code verifier")
    if not hmac.compare_digest(challenge_of(verifier), challenge.rstrip("=")):
        raise TokenDenied("invalid_grant", "invalid code verifier")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
