"""The OAuth endpoints: token, revoke, userinfo and the identity URL.

The consumer key decides which org. A grant is one function in ``_GRANTS``. Source: Salesforce Help,
"OAuth 2.0 Client Credentials Flow for Server-to-Server Integration", "OAuth 2.0 Web Server Flow for
Web App Integration", "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", "OAuth 2.0
Refresh Token Flow", "Revoke OAuth Tokens Programmatically", "Identity URLs". What does not belong
here: what a token permits (``access.py``, ``authorization.py``).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote

from flyle_sf_assets.sandbox.access import TokenDenied
from flyle_sf_assets.sandbox.api.call import Answer, json_answer
from flyle_sf_assets.sandbox.authorization import LOGIN_URL, issuer_of
from flyle_sf_assets.sandbox.org import Org

_JWT_MEMBERS = ("access_token", "scope", "instance_url", "id", "token_type")
"""All keys of a JWT answer: no issued_at, no signature, no refresh token."""

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Form = Mapping[str, str]


def token(orgs: Mapping[str, Org], form: Form, authorization: str | None, url: str) -> Answer:
    """Answer to a POST to the token endpoint. ``orgs`` are by consumer key."""
    try:
        return json_answer(_grant(orgs, form, authorization, url))
    except TokenDenied as denied:
        return denied_answer(denied)


def denied_answer(denied: TokenDenied) -> Answer:
    """The refusal as the token endpoint words it."""
    return json_answer(
        {"error": denied.error, "error_description": denied.description}, denied.status
    )


def _grant(
    orgs: Mapping[str, Org], form: Form, authorization: str | None, url: str
) -> dict[str, str]:
    grant = _GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise TokenDenied("unsupported_grant_type", "grant type not supported")
    key, secret = _client(form, authorization)
    org = orgs.get(key)
    if org is None:
        raise TokenDenied("invalid_client_id", "client identifier invalid")
    return grant(org, form, secret, url)


def client_key(form: Form, authorization: str | None) -> str | None:
    """The consumer key of a request to the token endpoint; None without one."""
    try:
        return _client(form, authorization)[0]
    except TokenDenied:
        return None


def _client(form: Form, authorization: str | None) -> tuple[str, str | None]:
    if authorization and authorization.lower().startswith("basic "):
        try:
            decoded = base64.b64decode(authorization[6:]).decode()
        except ValueError:
            raise TokenDenied("invalid_client", "invalid client credentials") from None
        key, _, secret = decoded.partition(":")
        return unquote(key), unquote(secret)
    if "client_id" not in form and form.get("grant_type") == JWT_BEARER:
        return issuer_of(form.get("assertion", "")), None
    if "client_id" not in form:
        raise TokenDenied("invalid_request", "missing required parameter: client_id")
    return form["client_id"], form.get("client_secret")


def _client_credentials(org: Org, _form: Form, secret: str | None, url: str) -> dict[str, str]:
    org.check_client(secret)
    org.check_user(org.connected_user_id)
    return _granted(org, org.issue_access_token(), url)


def _authorization_code(org: Org, form: Form, secret: str | None, url: str) -> dict[str, str]:
    org.check_client(secret)
    access, refresh = org.exchange(
        form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier")
    )
    body = _granted(org, access, url)
    return body | {"refresh_token": refresh} if refresh else body


def _jwt_bearer(org: Org, form: Form, _secret: str | None, url: str) -> dict[str, str]:
    org.check_app()
    user, login_url = org.user_of_assertion(form.get("assertion", ""), url)
    whole = _granted(org, org.issue_access_token(user), url, login_url)
    return {name: whole[name] for name in _JWT_MEMBERS}


def _refresh_token(org: Org, form: Form, secret: str | None, url: str) -> dict[str, str]:
    org.check_client(secret)
    access, rotated = org.refresh(form.get("refresh_token", ""))
    body = _granted(org, access, url)
    return body | {"refresh_token": rotated} if rotated else body


_GRANTS: dict[str, Callable[[Org, Form, str | None, str], dict[str, str]]] = {
    "authorization_code": _authorization_code,
    "client_credentials": _client_credentials,
    JWT_BEARER: _jwt_bearer,
    "refresh_token": _refresh_token,
}


def _granted(org: Org, access_token: str, url: str, login_url: str = LOGIN_URL) -> dict[str, str]:
    """The whole answer; ``id`` is on the login host, not on the org's own."""
    user = org.user_of(access_token)
    identity = f"{login_url}/id/{org.org_id}/{user}"
    issued = str(int(org.now().timestamp() * 1000))
    signature = hmac.new(
        org.consumer_secret.encode(), (identity + issued).encode(), hashlib.sha256
    ).digest()
    return {
        "access_token": access_token,
        "signature": base64.b64encode(signature).decode(),
        "scope": "api refresh_token",
        "instance_url": url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
        "api_instance_url": url,
    }


def revoke(orgs: Iterable[Org], token_text: str) -> Answer:
    """Revoke an access or refresh token: 200 with an empty body, 400 when it is unknown."""
    for org in orgs:
        if org.revoke(token_text):
            return Answer(200)
    return json_answer(
        {
            "error": "unsupported_token_type",
            "error_description": "this token type is not supported",
        },
        400,
    )


def userinfo(org: Org, user_id: str, url: str) -> Answer:
    """Who the token belongs to."""
    user = org.record("User", user_id)
    return json_answer(
        {
            "sub": f"{url}/id/{org.org_id}/{user_id}",
            "user_id": user_id,
            "organization_id": org.org_id,
            "preferred_username": user["Username"],
            "nickname": user["Alias"],
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "locale": user["LocaleSidKey"],
            "language": user["LanguageLocaleKey"],
            "active": user["IsActive"],
            "user_type": "STANDARD",
            "is_app_installed": True,
            "username": user["Username"],
            "timezone": user["TimeZoneSidKey"],
            "urls": {
                "rest": f"{url}/services/data/v{{version}}/",
                "query": f"{url}/services/data/v{{version}}/query/",
            },
        }
    )
