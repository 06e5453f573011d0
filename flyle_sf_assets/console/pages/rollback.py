"""The rollback of one sync, and its end: what it would restore, the confirmation, the result."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.responses import Response

from flyle_sf_assets.console.company_values import CompanyValues, ShownChange
from flyle_sf_assets.console.pages.sync import number_of
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import NotFound, Text
from flyle_sf_assets.store.companies.history import CompanyChange
from flyle_sf_assets.store.companies.rollback import RollbackItem
from flyle_sf_assets.tenants.rollback import Rollback, preview_rollback, resume, roll_back
from flyle_sf_assets.tenants.rollback_words import LEFT_ALONE

SHOWN_MAX = 50
"""Values that a page lists of each group; the counts are of all."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One value of a company: what it has (``old``) and would get, or why it is left alone."""

    external_id: str
    name: str
    change: ShownChange | None
    why: Text | None


def preview(page_request: PageRequest) -> Response:
    """What the rollback would restore, and what it would leave alone and why."""
    return _preview(page_request, is_resume=False)


def resume_preview(page_request: PageRequest) -> Response:
    """What would follow Salesforce again; the sync's page when nothing is kept any more."""
    try:
        return _preview(page_request, is_resume=True)
    except NotFound as error:
        if error.code != "nothing_rolled_back":
            raise
        return page_request.go(f"/syncs/{number_of(page_request)}")


def confirmed(page_request: PageRequest) -> Response:
    """Makes the rollback and shows its result."""
    return _done(page_request, roll_back)


def resume_confirmed(page_request: PageRequest) -> Response:
    """Ends what the rollback keeps and shows the result."""
    return _done(page_request, resume)


def _done(page_request: PageRequest, do: Callable[..., Rollback]) -> Response:
    done = do(
        page_request.installation,
        page_request.tenant,
        number_of(page_request),
        by=page_request.user.author,
        is_waiting=False,
        clock=page_request.console.clock,
    )
    return _page(page_request, done, is_done=True)


def _preview(page_request: PageRequest, *, is_resume: bool) -> Response:
    found = preview_rollback(
        page_request.installation,
        page_request.tenant,
        number_of(page_request),
        is_resume=is_resume,
    )
    return _page(page_request, found, is_done=False)


def _page(page_request: PageRequest, found: Rollback, *, is_done: bool) -> Response:
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        values = CompanyValues.of(tx, page_request.language)
    return page_request.page(
        "rollback.html",
        found=found,
        is_done=is_done,
        restored=[_shown(item, values, page_request.now) for item in found.restored[:SHOWN_MAX]],
        left=[_shown(item, values, page_request.now) for item in found.left_alone[:SHOWN_MAX]],
        reasons=[(LEFT_ALONE[why], count) for why, count in found.left_counts.items()],
        time_zone=values.time_zone,
    )


def _shown(item: RollbackItem, values: CompanyValues, now: datetime) -> ShownItem:
    change = None
    if item.field is not None:
        change = values.change(
            CompanyChange(
                field=item.field,
                of_row=item.of_row,
                old=_side(item, item.present),
                new=_side(item, item.restored),
                changed_at=now,
                sync_id=None,
                reason=None,
                change_id=0,
            )
        )
    return ShownItem(
        item.external_id, item.name, change, LEFT_ALONE[item.reason] if item.reason else None
    )


def _side(item: RollbackItem, text: str | None) -> str | None:
    """Of a status only the status: its reason follows from it."""
    if text is None or not item.of_row or item.field != "status":
        return text
    return msgspec.json.encode(msgspec.json.decode(text)["status"]).decode()
