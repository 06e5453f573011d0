"""The list of companies: search, states, order and columns of mapped values; the same as CSV."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from starlette.responses import Response

from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.console.company_values import CompanyValues
from flyle_sf_assets.console.csv_cells import BYTE_ORDER_MARK, csv_line
from flyle_sf_assets.console.labels import COMPANY_REASONS, COMPANY_STATUSES
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.store.companies.custom_fields import CustomField
from flyle_sf_assets.store.companies.search import (
    CompanyOrder,
    CompanyPage,
    FoundCompany,
    search_companies,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.exact_json import loads
from flyle_sf_assets.tenants.registration import settings_in

SEARCH_CHARACTERS_MAX = 200
COLUMNS_AT_FIRST = 3
EXPORT_PAGE_ROWS = 1_000
EXPORT_READS_MAX = 2

ORDERS: tuple[CompanyOrder, ...] = get_args(CompanyOrder)
_export_reads = threading.BoundedSemaphore(EXPORT_READS_MAX)
"""All files together read this many pages at once: the other connections are for people."""


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """What is listed: a part of the name or an id, a state, an order, and columns of values."""

    text: str
    status: CompanyStatus | None
    order: CompanyOrder
    columns: tuple[str, ...] | None
    """Keys of custom fields; None: nobody chose."""

    def address(self, path: str, **more: str) -> str:
        """The address of the same list; ``more`` replaces or adds parameters."""
        given = {"q": self.text, "state": self.status or "", "sort": self.order} | more
        pairs = [(name, value) for name, value in given.items() if value]
        if self.columns is not None:
            pairs += [("columns", "1"), *(("column", key) for key in self.columns)]
        return f"{path}?{urlencode(pairs)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a list shows beside its rows: the mapped fields, those chosen, and their values."""

    fields: tuple[CustomField, ...]
    columns: tuple[CustomField, ...]
    values: CompanyValues

    def row(self, company: FoundCompany, *, grouped: bool = True) -> list[str]:
        """The values of the chosen columns."""
        held = loads(company.custom_fields)
        return [
            self.values.shown(field.key, held.get(field.key), grouped=grouped)
            for field in self.columns
        ]


def companies(page_request: PageRequest) -> Response:
    """One page of the list."""
    query = _query(page_request)
    after = (page_request.query.one("after"), page_request.query.one("id"))
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        page = _search(tx, query, after)
        shown = _shown(page_request, tx, query)
    next_page = {"after": page.next[0], "id": page.next[1]} if page.next else None
    return page_request.page(
        "companies/rows.html" if page_request.is_fragment else "companies.html",
        companies=[(one, shown.row(one)) for one in page.companies],
        query=query,
        shown=shown,
        following=query.address("/companies", **next_page) if next_page else "",
        is_first=not after[1],
        statuses=list(CompanyStatus),
        orders=ORDERS,
        time_zone=shown.values.time_zone,
    )


def companies_csv(page_request: PageRequest) -> Response:
    """The whole list as a file for spreadsheets, in the chosen order, with the chosen columns.

    Pages are read one after the other: a sync meanwhile may move a company to another place.
    """
    query = _query(page_request)
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        shown = _shown(page_request, tx, query)
    return page_request.csv("companies", _lines(page_request, query, shown))


def _query(page_request: PageRequest) -> CompanyQuery:
    """What the address asks for; what it does not know is as if it were not there."""
    given = page_request.query
    text = given.one("q").strip()[:SEARCH_CHARACTERS_MAX]
    state, order = given.one("state"), given.one("sort")
    return CompanyQuery(
        text=to_18(text) if is_record_id(text) else text,
        status=CompanyStatus(state) if state in {*CompanyStatus} else None,
        order=order if order in ORDERS else "name",
        columns=tuple(given.all("column")) if given.one("columns") else None,
    )


def _shown(page_request: PageRequest, tx: TenantTransaction, query: CompanyQuery) -> Shown:
    """The mapped fields in the order of the settings; the first ones while nobody chose."""
    settings = settings_in(tx)
    order = {
        mapping.to: place for place, mapping in enumerate(settings.mapping if settings else ())
    }
    values = CompanyValues.of(tx, page_request.language)
    mapped = sorted(
        (field for field in values.fields.values() if field.active),
        key=lambda field: order.get(field.key, len(order)),
    )
    if query.columns is None:
        columns = mapped[:COLUMNS_AT_FIRST]
    else:
        columns = [field for field in mapped if field.key in query.columns]
    return Shown(tuple(mapped), tuple(columns), values)


def _search(
    tx: TenantTransaction, query: CompanyQuery, after: tuple[str, str] | None, **limit: int
) -> CompanyPage:
    return search_companies(
        tx, query.text, status=query.status, order=query.order, after=after, **limit
    )


def _lines(page_request: PageRequest, query: CompanyQuery, shown: Shown) -> Iterator[str]:
    """A chunk a page; no transaction is open while a chunk is sent."""
    yield BYTE_ORDER_MARK + csv_line(
        page_request.t("外部ID", "External id"),
        page_request.t("企業名", "Name"),
        page_request.t("状態", "Status"),
        page_request.t("状態の理由", "Reason of the status"),
        *(field.label for field in shown.columns),
        page_request.t("更新日", "Updated"),
    )
    after: tuple[str, str] | None = ("", "")
    while after is not None:
        with _export_reads, page_request.installation.database.tenant(page_request.tenant) as tx:
            page = _search(tx, query, after, limit=EXPORT_PAGE_ROWS)
        yield "".join(_line(page_request.language, one, shown) for one in page.companies)
        after = page.next


def _line(language: str, company: FoundCompany, shown: Shown) -> str:
    reason = COMPANY_REASONS[company.status_reason] if company.status_reason else None
    return csv_line(
        company.external_id,
        company.name,
        COMPANY_STATUSES[company.status].in_language(language),
        reason.in_language(language) if reason else "",
        *shown.row(company, grouped=False),
        company.updated_at.isoformat(),
    )
