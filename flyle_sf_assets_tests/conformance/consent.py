"""The web server and JWT bearer flows, played by hand against an org: nothing of the product's.

What does not belong here: what is right (the cases).
"""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flyle_sf_assets_tests.conformance import asking

CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 86
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def encoded(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


CHALLENGE = encoded(hashlib.sha256(VERIFIER.encode()).digest())


def request_of(twin: asking.Twin, **changes: str | None) -> dict[str, str]:
    """The parameters of an authorization request, with some changed or (None) left out."""
    whole: dict[str, str | None] = {
        "response_type": "code",
        "client_id": twin.org.target.consumer_key,
        "redirect_uri": CALLBACK,
        "scope": "api refresh_token",
        "state": "state-of-ours",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def page(twin: asking.Twin, **changes: str | None) -> requests.Response:
    """The answer to an authorization request; redirects are not followed."""
    return twin.org.session.get(
        f"{twin.org.target.org_url}/services/oauth2/authorize",
        params=request_of(twin, **changes),
        allow_redirects=False,
    )


def decided(
    twin: asking.Twin, decision: str = "approve", user: str = "", **changes: str | None
) -> dict[str, str]:
    """What the callback gets once a user has allowed or denied the access."""
    answer = twin.org.session.post(
        f"{twin.org.target.org_url}/services/oauth2/authorize",
        data={
            **request_of(twin, **changes),
            "user": user or twin.inner.connected_user_id,
            "decision": decision,
        },
        allow_redirects=False,
    )
    return told(answer)


def told(answer: requests.Response) -> dict[str, str]:
    """The query of a redirect to the callback."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def exchange(twin: asking.Twin, code: str, **changes: str | None) -> requests.Response:
    """The token endpoint's answer to a code."""
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": twin.org.target.consumer_key,
        "client_secret": twin.org.target.consumer_secret,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return twin.org.ask_token(**{k: v for k, v in form.items() if v is not None})


def granted(twin: asking.Twin, scope: str = "api refresh_token") -> dict[str, str]:
    """The tokens of a whole flow."""
    answer = exchange(twin, decided(twin, scope=scope)["code"])
    assert answer.ok, answer.text
    return dict(answer.json())


def refresh(twin: asking.Twin, token: str) -> requests.Response:
    """The token endpoint's answer to a refresh token."""
    return twin.org.client_credentials(grant_type="refresh_token", refresh_token=token)


class Signer:
    """A key pair of which the app holds the public half; signs assertions."""

    def __init__(self, twin: asking.Twin) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._twin = twin
        user = twin.inner.record("User", twin.inner.connected_user_id)
        self.username = str(user["Username"])
        twin.inner.jwt_public_key = self._key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        twin.inner.preauthorized = {self.username}

    def assertion(self, algorithm: str = "RS256", **changes: Any) -> str:
        """A signed assertion with some claims changed."""
        claims = {
            "iss": self._twin.org.target.consumer_key,
            "sub": self.username,
            "aud": "https://login.salesforce.com",
            "exp": int(time.time()) + 120,
            **changes,
        }
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": algorithm}, claims)]
        text = ".".join(parts)
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), SHA256())
        return f"{text}.{encoded(signature)}"

    def ask(self, assertion: str) -> requests.Response:
        """The token endpoint's answer to an assertion."""
        return self._twin.org.ask_token(grant_type=JWT_BEARER, assertion=assertion)
