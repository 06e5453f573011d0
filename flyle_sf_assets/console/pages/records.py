"""Lists of past events: syncs, rejected values, notices."""

from collections.abc import Iterator

from starlette.responses import Response

from flyle_sf_assets.companies.reject_reasons import RejectReason, remedy_for
from flyle_sf_assets.console.csv_cells import BYTE_ORDER_MARK, csv_line
from flyle_sf_assets.console.request import PageRequest, whole_number
from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.companies.counts import count_rejected
from flyle_sf_assets.store.companies.custom_fields import CustomField, list_fields
from flyle_sf_assets.store.companies.rejected_values import (
    RejectedRecord,
    list_rejected,
)
from flyle_sf_assets.store.syncs.syncs import latest_syncs
from flyle_sf_assets.store.tenants.notices import list_notices, mark_read
from flyle_sf_assets.tenants.registration import time_zone_in

SYNCS_SHOWN = 50
REJECTED_SHOWN = 200
REJECTED_EXPORTED_MAX = 100_000
NOTICES_SHOWN = 100
REASONS = frozenset(map(str, RejectReason))


def syncs(page_request: PageRequest) -> Response:
    """The last syncs with their figures, or those before one."""
    before = page_request.query.number("before")
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = latest_syncs(tx, SYNCS_SHOWN + 1, before=before)
        time_zone = time_zone_in(tx)
    return page_request.page(
        "syncs.html",
        syncs=found[:SYNCS_SHOWN],
        following=found[SYNCS_SHOWN - 1].sync_id if len(found) > SYNCS_SHOWN else None,
        is_first=before is None,
        time_zone=time_zone,
    )


def rejected(page_request: PageRequest) -> Response:
    """Values that are rejected now, the longest failing first, with what to do."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = list_rejected(tx, limit=REJECTED_SHOWN)
        total = count_rejected(tx)
        fields = {field.key: field for field in list_fields(tx)}
        time_zone = time_zone_in(tx)
    return page_request.page(
        "rejected.html",
        rejected=found,
        total=total,
        labels={key: field.label for key, field in fields.items()},
        told=lambda one: _told(one, fields),
        time_zone=time_zone,
    )


def rejected_csv(page_request: PageRequest) -> Response:
    """The same as a file for spreadsheets; all of them."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = list_rejected(tx, limit=REJECTED_EXPORTED_MAX)
        fields = {field.key: field for field in list_fields(tx)}
    return page_request.csv("rejected", _lines(page_request, found, fields))


def notices(page_request: PageRequest) -> Response:
    """The administrators' notices, the newest first."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = list_notices(tx, limit=NOTICES_SHOWN)
        time_zone = time_zone_in(tx)
    return page_request.page("notices.html", notices=found, time_zone=time_zone)


def read_notices(page_request: PageRequest) -> Response:
    """Marks the notices in the form as read."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        for text in page_request.form.all("notice"):
            if (number := whole_number(text)) is not None:
                mark_read(tx, number, page_request.now)
    return page_request.go("/notices")


def _told(one: RejectedRecord, fields: dict[str, CustomField]) -> Text:
    """Why it was rejected and what to do; as stored for a reason of another version."""
    if one.reason not in REASONS:
        return Text(one.remedy, one.remedy)
    field = fields.get(one.field or "")
    return remedy_for(one.reason, field.source_path if field else None)


def _lines(
    page_request: PageRequest, found: tuple[RejectedRecord, ...], fields: dict[str, CustomField]
) -> Iterator[str]:
    yield BYTE_ORDER_MARK + csv_line(
        page_request.t("外部ID", "External id"),
        page_request.t("項目", "Field"),
        page_request.t("項目名", "Label"),
        page_request.t("値", "Value"),
        page_request.t("理由", "Reason"),
        page_request.t("対処", "Remedy"),
        page_request.t("最初に検出", "First seen"),
        page_request.t("最後に検出", "Last seen"),
    )
    for one in found:
        yield csv_line(
            one.external_id,
            one.field or "",
            fields[one.field].label if one.field in fields else "",
            one.value or "",
            one.reason,
            _told(one, fields).in_language(page_request.language),
            one.first_seen_at.isoformat(),
            one.last_seen_at.isoformat(),
        )
