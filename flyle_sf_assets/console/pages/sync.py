"""One sync: its figures, and the companies that it changed with their old and new values."""

from starlette.responses import Response

from flyle_sf_assets.console.company_values import CompanyValues
from flyle_sf_assets.console.request import PageRequest, whole_number
from flyle_sf_assets.errors import NotFound, Text
from flyle_sf_assets.store.companies.rolled_back import count_kept_of
from flyle_sf_assets.store.companies.sync_changes import companies_changed_by
from flyle_sf_assets.store.syncs.syncs import Sync, get_sync


def sync(page_request: PageRequest) -> Response:
    """The sync and a page of the companies that it changed, by id."""
    after = page_request.query.one("after")
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = get_sync(tx, number_of(page_request))
        if found is None:
            raise _unknown(page_request.param("sync_id"))
        page = companies_changed_by(tx, found.sync_id, after=after)
        values = CompanyValues.of(tx, page_request.language)
        kept = count_kept_of(tx, found.sync_id)
    return page_request.page(
        "sync.html",
        sync=found,
        changed=[
            (one, [values.change(change) for change in one.changes]) for one in page.companies
        ],
        following=page.next,
        is_first=not after,
        kept=kept,
        duration_s=_duration_s(found),
        time_zone=values.time_zone,
    )


def number_of(page_request: PageRequest) -> int:
    """The sync's number in the address. Raises NotFound ``unknown_sync`` for any other text."""
    number = page_request.param("sync_id")
    sync_id = whole_number(number)
    if sync_id is None:
        raise _unknown(number)
    return sync_id


def _duration_s(found: Sync) -> float | None:
    """None while it runs."""
    ended = found.finished_at
    return None if ended is None else (ended - found.started_at).total_seconds()


def _unknown(number: str) -> NotFound:
    return NotFound(
        "unknown_sync",
        tried=Text(f"同期 {number} を見つけようとしました", f"Tried to find sync {number}"),
        came_back=Text("その同期はありません", "There is no such sync"),
        remedy=Text("同期の履歴から選んでください", "Choose it from the list of syncs"),
    )
