"""A visitor asks for a sync, and the pages that follow know that it was this visitor."""

import hashlib

from starlette.responses import Response

from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.tenants.sync_requests import ask_for_sync

COOKIE = "flyle_sf_asked"
KNOWN_S = 120
"""The schedule usually starts the sync within one minute."""


def ask(page_request: PageRequest, answer: Response) -> Response:
    """Asks for a sync and marks the browser in the answer. Raises what `ask_for_sync` does."""
    ask_for_sync(page_request.installation, page_request.tenant, clock=page_request.console.clock)
    answer.set_cookie(
        COOKIE,
        _mark(page_request),
        max_age=KNOWN_S,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return answer


def has_asked(page_request: PageRequest) -> bool:
    """Whether this session has asked for a sync just now."""
    return page_request.request.cookies.get(COOKIE) == _mark(page_request)


def _mark(page_request: PageRequest) -> str:
    """Of the session; reveals nothing of its cookie."""
    cookie = page_request.session.cookie if page_request.session else ""
    return hashlib.sha256(f"asked:{cookie}".encode()).hexdigest()
