"""The web server flow: the page where a user allows the access, and the tokens that follow.

PKCE (S256) always, and a ``state`` that only the redirected browser returns. Source: Salesforce
Help, "OAuth 2.0 Web Server Flow for Web App Integration", "OAuth 2.0 Authorization Errors", "Revoke
OAuth Tokens Programmatically"; RFC 7636.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.errors.rules import CALLBACK
from flyle_sf_assets.salesforce.tokens.access_tokens import Granted, TokenTransport
from flyle_sf_assets.settings.hosts import check_org_url

AUTHORIZE_PATH = "/services/oauth2/authorize"
REVOKE_PATH = "/services/oauth2/revoke"
SCOPES = ("api", "refresh_token")
STATE_BYTES = 32
VERIFIER_BYTES = 64
"""86 characters as base64url; RFC 7636 allows 43 to 128."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to redirect the browser; ``state`` and ``verifier`` are never in a repr."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters of the callback URL; blank when missing."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    error_description: str = ""

    @staticmethod
    def from_query(query: Mapping[str, str]) -> "Callback":
        """From the query parameters of the callback."""
        names = ("state", "code", "error", "error_description")
        return Callback(**{name: query.get(name, "") for name in names})

    def require_code(self, org_url: str) -> str:
        """The code; raises the error of the callback (NotPermitted when denied)."""
        if self.code and not self.error:
            return self.code
        # The documentation spells this one error in two ways.
        error = self.error.replace("access-denied", "access_denied") or "unknown_error"
        tried = Text(
            f"{org_url} でアクセスの許可を得ようとしました",
            f"Tried to get consent at {org_url} for the access",
        )
        raise faults.of_oauth_error(error, self.error_description, tried=tried, flow=CALLBACK).error


def authorization_request(
    org_url: str, consumer_key: str, redirect_uri: str, extra_hosts: tuple[str, ...] = ()
) -> AuthorizationRequest:
    """A new request with its own state and verifier. UsageError for a host that is not allowed."""
    origin = check_org_url(org_url, extra_hosts)
    state, verifier = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
    query = urlencode(
        {
            "response_type": "code",
            "client_id": consumer_key,
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
    )
    return AuthorizationRequest(f"{origin}{AUTHORIZE_PATH}?{query}", state, verifier)


def challenge_of(verifier: str) -> str:
    """The S256 challenge: base64url of the SHA-256, without padding."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def exchange_code(
    transport: TokenTransport,
    org_url: str,
    *,
    consumer_key: str,
    consumer_secret: str | None,
    code: str,
    redirect_uri: str,
    verifier: str,
) -> Granted:
    """The tokens for a code. Sent once: a code works once, even when the answer is lost.

    NotConnected, NotPermitted, Postponed. Without its scope there is no refresh token.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": consumer_key,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    if consumer_secret is not None:
        form["client_secret"] = consumer_secret
    origin = check_org_url(org_url, transport.network.extra_hosts)
    return transport.ask_granted(origin, form, retries=False)


def revoke(transport: TokenTransport, org_url: str, token: str) -> bool:
    """Revokes a token; a refresh token together with its access tokens.

    False when Salesforce does not know it (any more). Postponed when it cannot be reached.
    """
    origin = check_org_url(org_url, transport.network.extra_hosts)
    tried = Text(
        f"{origin} でトークンを取り消そうとしました", f"Tried to revoke the token at {origin}"
    )
    try:
        return transport.fetch(
            "POST",
            f"{origin}{REVOKE_PATH}",
            lambda _response: True,
            tried=tried,
            data={"token": token},
        )
    except FlyleError as error:
        if error.retryable:
            raise
        return False
