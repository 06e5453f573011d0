"""A person at the sandbox's consent page: chooses a user, allows or denies, comes back.

What does not belong here: the product's side of it.
"""

from urllib.parse import parse_qsl, urlsplit

import requests

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer

CALLBACK = "https://console.flyle.example/salesforce/callback"


def consented(
    server: SandboxServer, authorisation_url: str, *, user: str, decision: str = "approve"
) -> dict[str, str]:
    """The query with which the browser comes back to the callback URL."""
    asked = dict(parse_qsl(urlsplit(authorisation_url).query))
    with requests.Session() as browser:
        browser.trust_env = False
        browser.verify = server.ca_file
        page = browser.get(authorisation_url, timeout=20, allow_redirects=False)
        assert page.status_code == 200, page.text
        assert user in page.text
        answer = browser.post(
            page.url.split("?")[0],
            data={**asked, "user": user, "decision": decision},
            timeout=20,
            allow_redirects=False,
        )
    assert answer.status_code == 302, answer.text
    location = answer.headers["Location"]
    assert location.startswith(f"{asked['redirect_uri']}?")
    return dict(parse_qsl(urlsplit(location).query))


def clerk_of(org: Org) -> str:
    """An active user of the org who is no administrator."""
    users = [user for user in org.records("User") if user["IsActive"]]
    return next(str(u["Id"]) for u in users if u["Id"] != org.connected_user_id)
