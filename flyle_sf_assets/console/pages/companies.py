"""Companies: search, one company's values with their origin, and its history."""

import json
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from flyle_sf_assets.console.labels import CHANGE_REASONS, FLYLE_TYPES, ROW_FIELDS
from flyle_sf_assets.console.pages.records import time_zone_of
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import NotFound, Text
from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.store.companies.custom_fields import CustomField, list_fields
from flyle_sf_assets.store.companies.history import CompanyChange, company_history
from flyle_sf_assets.store.companies.picklist_options import option_labels
from flyle_sf_assets.store.companies.search import Company, get_company, search_companies
from flyle_sf_assets.store.postgres.exact_json import loads
from flyle_sf_assets.sync.state.value_provenance import Origin, origins, parent_ids
from flyle_sf_assets.tenants.registration import settings_in

SEARCH_CHARACTERS_MAX = 200
CHANGES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Value:
    """One custom field of a company as shown; ``origin`` is None without a mapping."""

    field: CustomField
    type: Text
    shown: str
    url: str | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One line of the history."""

    label: str
    old: str
    new: str
    changed_at: datetime
    sync_id: int | None
    of_row: bool
    reason: Text | None


def companies(page_request: PageRequest) -> Response:
    """A page of companies by name; with ``q`` those whose name contains it, or with this id."""
    text = page_request.query.one("q").strip()[:SEARCH_CHARACTERS_MAX]
    after = (page_request.query.one("name"), page_request.query.one("id"))
    wanted = to_18(text) if is_record_id(text) else text
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        page = search_companies(tx, wanted, after=after)
        time_zone = time_zone_of(tx)
    template = "companies/rows.html" if page_request.is_fragment else "companies.html"
    return page_request.page(template, page=page, q=text, time_zone=time_zone)


def company(page_request: PageRequest) -> Response:
    """One company: every value, where it comes from and when it was read, and what changed."""
    external_id = page_request.param("external_id")
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        settings = settings_in(tx)
        found = get_company(tx, to_18(external_id)) if is_record_id(external_id) else None
        if found is None:
            raise _unknown(external_id)
        fields = list_fields(tx)
        labels = option_labels(tx)
        changes = company_history(tx, found.external_id)
        places = origins(tx, settings) if settings else {}
    org_url = settings.connection.org_url if settings else None
    return page_request.page(
        "company.html",
        company=found,
        values=_values(page_request, found, fields, labels, places),
        changes=[_change(page_request, one, fields, labels) for one in changes[:CHANGES_SHOWN]],
        changes_more=max(0, len(changes) - CHANGES_SHOWN),
        record_url=f"{org_url}/{found.external_id}" if org_url else None,
        read_at=next((one.read_at for one in places.values() if one.is_base), None),
        time_zone=settings.time_zone if settings else None,
    )


def parents(page_request: PageRequest) -> Response:
    """Links to the records of a company's parents; reads record files, so it is loaded later."""
    external_id = page_request.param("external_id")
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        settings = settings_in(tx)
        if settings is None or not is_record_id(external_id):
            raise _unknown(external_id)
        places = origins(tx, settings)
    ids = parent_ids(
        page_request.installation, page_request.tenant, settings.source.object, to_18(external_id)
    )
    found = {key: ids[one.relationships] for key, one in places.items() if one.relationships in ids}
    return page_request.page(
        "companies/parents.html", ids=found, places=places, org_url=settings.connection.org_url
    )


Labels = dict[tuple[str, str], str]


def _values(
    page_request: PageRequest,
    found: Company,
    fields: tuple[CustomField, ...],
    labels: Labels,
    places: dict[str, Origin],
) -> list[Value]:
    """Fields of the settings first, in their order; then those whose mapping was removed."""
    held = loads(found.custom_fields)
    order = {key: place for place, key in enumerate(places)}
    mapped = sorted(fields, key=lambda field: (not field.active, order.get(field.key, 1_000)))
    values = []
    for field in mapped:
        if not field.active and field.key not in held:
            continue
        shown = _shown(page_request, held.get(field.key), field.key, labels)
        is_link = field.type == "url" and shown.lower().startswith(("http://", "https://"))
        values.append(
            Value(
                field,
                FLYLE_TYPES[field.type],
                shown,
                shown if is_link else None,
                places.get(field.key) if field.active else None,
            )
        )
    return values


def _change(
    page_request: PageRequest,
    change: CompanyChange,
    fields: tuple[CustomField, ...],
    labels: Labels,
) -> ShownChange:
    names = {field.key: field.label for field in fields}
    if change.of_row and change.field in ROW_FIELDS:
        label = ROW_FIELDS[change.field].in_language(page_request.language)
    else:
        label = names.get(change.field, change.field)
    key = "" if change.of_row else change.field
    return ShownChange(
        label,
        _shown(page_request, change.old and loads(change.old), key, labels),
        _shown(page_request, change.new and loads(change.new), key, labels),
        change.changed_at,
        change.sync_id,
        change.of_row,
        CHANGE_REASONS.get(change.reason, Text.quoted(change.reason)) if change.reason else None,
    )


def _shown(page_request: PageRequest, value: object, key: str, labels: Labels) -> str:
    """Options by their label, numbers with all digits, blank as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return page_request.t("はい", "Yes") if value else page_request.t("いいえ", "No")
    if isinstance(value, list):
        return " / ".join(labels.get((key, str(one)), str(one)) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str):
        return labels.get((key, value), value)
    return f"{value:,}"


def _unknown(external_id: str) -> NotFound:
    return NotFound(
        "unknown_company",
        tried=Text(
            f"企業 {external_id} を見つけようとしました", f"Tried to find company {external_id}"
        ),
        came_back=Text("その企業はありません", "There is no such company"),
        remedy=Text("企業の一覧から選んでください", "Choose it from the list of companies"),
    )
