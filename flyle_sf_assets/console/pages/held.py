"""A held mass change: what it would take away, with examples, and its approval."""

from starlette.responses import Response

from flyle_sf_assets.companies.guard import LossExample
from flyle_sf_assets.console.company_values import CompanyValues
from flyle_sf_assets.console.labels import COMPANY_STATUSES
from flyle_sf_assets.console.pages.asking import ask
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import HeldForApproval, NotFound
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.postgres.exact_json import loads
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.tenants.held_changes import approve_held

MOVED = 409
"""The numbers are not those that the person saw."""


def held(page_request: PageRequest) -> Response:
    """The losses of the held change, each with a few companies."""
    return _page(page_request)


def approve(page_request: PageRequest) -> Response:
    """Approves the numbers of the page, and asks for the sync that applies them.

    Numbers that have changed since are shown instead, and nothing is approved.
    """
    try:
        approve_held(
            page_request.installation,
            page_request.tenant,
            by=page_request.user.author,
            fingerprint=page_request.form.one("fingerprint"),
            clock=page_request.console.clock,
        )
    except HeldForApproval:
        return _page(page_request, MOVED)
    except NotFound:
        # It was put right meanwhile, or another person approved it.
        return page_request.go("/held")
    return ask(page_request, page_request.go("/"))


def _page(page_request: PageRequest, status: int = 200) -> Response:
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        values = CompanyValues.of(tx, page_request.language)
        change, link = get_held(tx), get_link(tx)

    def shown_value(example: LossExample, text: str) -> str:
        value = loads(text)
        if example.field is None:
            return COMPANY_STATUSES[value].in_language(page_request.language)
        return values.shown(example.field, value)

    return page_request.page(
        "held.html",
        status,
        held=change,
        next_due_at=link.next_due_at,
        is_moved=status == MOVED,
        shown_value=shown_value,
        time_zone=values.time_zone,
    )
