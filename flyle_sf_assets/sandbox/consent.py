"""The page on which a user logs in and allows the app its access, and the answer to it.

As on a real org, the browser is never redirected to an unregistered callback; all other refusals
go to the callback as ``error`` and ``error_description``. Instead of a password the page offers
users. Source: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration", "OAuth 2.0
Authorization Errors". What does not belong here: what a code permits (``authorization.py``).
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode, urlsplit

from flyle_sf_assets.sandbox.api.call import Answer
from flyle_sf_assets.sandbox.org import Org

Asked = Mapping[str, str]

_HTML = "text/html;charset=UTF-8"
_KEPT = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
)
_SCOPES = {
    "api": "API を使用したユーザデータの管理",
    "refresh_token": "いつでも要求を実行",
    "offline_access": "いつでも要求を実行",
}


def asked(orgs: Mapping[str, Org], request: Asked) -> Answer:
    """The page that asks the user; or the refusal. ``orgs`` are by consumer key."""
    return _checked(orgs, request) or _page(orgs[request["client_id"]], request)


def decided(orgs: Mapping[str, Org], form: Asked) -> Answer:
    """Where the browser goes once the user has chosen."""
    refused = _checked(orgs, form)
    if refused is not None:
        return refused
    org = orgs[form["client_id"]]
    if form.get("decision") != "approve":
        return error(form, "access_denied", "end-user denied authorization")
    user = org.record("User", form.get("user", ""))
    if not user["IsActive"]:
        return error(form, "inactive_user", "user is inactive")
    scopes = frozenset(form.get("scope", "").split())
    code = org.issue_code(str(user["Id"]), form["redirect_uri"], form.get("code_challenge"), scopes)
    return _redirect(form, {"code": code})


def _checked(orgs: Mapping[str, Org], request: Asked) -> Answer | None:
    """The refusal of a request for which the page must not be shown."""
    org = orgs.get(request.get("client_id", ""))
    if org is None or not org.is_key_active:
        return _shown("invalid_client_id", "client identifier invalid")
    callback = request.get("redirect_uri", "")
    registered = org.callback_urls
    if not urlsplit(callback).netloc or (registered is not None and callback not in registered):
        return _shown("redirect_uri_mismatch", "redirect_uri must match configuration")
    if request.get("response_type") != "code":
        return error(request, "unsupported_response_type", "response type not supported")
    if request.get("code_challenge_method", "S256") != "S256":
        return error(request, "invalid_request", "invalid code challenge method")
    if org.requires_pkce and not request.get("code_challenge"):
        return error(request, "invalid_request", "missing required code challenge")
    return None


def _page(org: Org, request: Asked) -> Answer:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(request[name])}">'
        for name in _KEPT
        if name in request
    )
    users = "".join(_option(user) for user in org.records("User"))
    scopes = "".join(
        f"<li>{escape(_SCOPES.get(scope, scope))} ({escape(scope)})</li>"
        for scope in request.get("scope", "api").split()
    )
    return _html(
        "<h1>アクセスを許可しますか? / Allow Access?</h1>"
        f"<p>Flyle → {escape(org.name)} (sandbox)</p><ul>{scopes}</ul>"
        f'<form method="post" action="/services/oauth2/authorize">{hidden}'
        f'<p><label for="user">ログインするユーザ / Log in as</label> '
        f'<select id="user" name="user">{users}</select></p>'
        f'<button id="deny" name="decision" value="deny">拒否 / Deny</button> '
        f'<button id="approve" name="decision" value="approve">許可 / Allow</button></form>'
    )


def _option(user: Mapping[str, object]) -> str:
    shown = escape(f"{user['Name']} ({user['Username']})")
    return f'<option value="{user["Id"]}">{shown}</option>'


def _html(body: str, status: int = 200) -> Answer:
    text = (
        '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Salesforce sandbox</title></head><body><main>{body}</main></body></html>"
    )
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return Answer(status, text.encode(), _HTML, headers)


def _shown(error: str, description: str) -> Answer:
    """A refusal shown here: the sender is unknown, so nothing is sent to a callback."""
    told = f"error={error}&amp;error_description={description}"
    return _html(f"<h1>OAuth Error</h1><p>{told}</p>", 400)


def error(request: Asked, code: str, description: str) -> Answer:
    """A refusal that goes to the callback."""
    return _redirect(request, {"error": code, "error_description": description})


def _redirect(request: Asked, told: Mapping[str, str]) -> Answer:
    state = {"state": request["state"]} if "state" in request else {}
    callback = request["redirect_uri"]
    sign = "&" if urlsplit(callback).query else "?"
    location = f"{callback}{sign}{urlencode({**told, **state})}"
    return Answer(302, headers={"Location": location, "Cache-Control": "no-store"})
