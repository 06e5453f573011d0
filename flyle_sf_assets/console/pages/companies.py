"""One company: its values with their origin, and its history."""

from dataclasses import dataclass

from starlette.responses import Response

from flyle_sf_assets.console.company_values import CompanyValues
from flyle_sf_assets.console.labels import FLYLE_TYPES
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import NotFound, Text
from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.store.companies.custom_fields import CustomField
from flyle_sf_assets.store.companies.history import company_history
from flyle_sf_assets.store.companies.search import Company, get_company
from flyle_sf_assets.store.postgres.exact_json import loads
from flyle_sf_assets.sync.state.value_provenance import Origin, origins, parent_ids
from flyle_sf_assets.tenants.registration import settings_in

CHANGES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Value:
    """One custom field of a company as shown; ``origin`` is None without a mapping."""

    field: CustomField
    type: Text
    shown: str
    url: str | None
    origin: Origin | None


def company(page_request: PageRequest) -> Response:
    """One company: every value, where it comes from and when it was read, and what changed."""
    external_id = page_request.param("external_id")
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        settings = settings_in(tx)
        found = get_company(tx, to_18(external_id)) if is_record_id(external_id) else None
        if found is None:
            raise _unknown(external_id)
        shown = CompanyValues.of(tx, page_request.language)
        before = page_request.query.number("before")
        changes = company_history(tx, found.external_id, before=before, limit=CHANGES_SHOWN + 1)
        places = origins(tx, settings) if settings else {}
    org_url = settings.connection.org_url if settings else None
    return page_request.page(
        "company.html",
        company=found,
        values=_values(shown, found, places),
        changes=[shown.change(one) for one in changes[:CHANGES_SHOWN]],
        earlier=changes[CHANGES_SHOWN - 1].change_id if len(changes) > CHANGES_SHOWN else None,
        is_newest=before is None,
        record_url=f"{org_url}/{found.external_id}" if org_url else None,
        read_at=next((one.read_at for one in places.values() if one.is_base), None),
        time_zone=shown.time_zone,
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


def _values(of_company: CompanyValues, found: Company, places: dict[str, Origin]) -> list[Value]:
    """Fields of the settings first, in their order; then those whose mapping was removed."""
    held = loads(found.custom_fields)
    order = {key: place for place, key in enumerate(places)}
    fields = of_company.fields.values()
    mapped = sorted(fields, key=lambda field: (not field.active, order.get(field.key, 1_000)))
    values = []
    for field in mapped:
        if not field.active and field.key not in held:
            continue
        shown = of_company.shown(field.key, held.get(field.key))
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


def _unknown(external_id: str) -> NotFound:
    return NotFound(
        "unknown_company",
        tried=Text(
            f"企業 {external_id} を見つけようとしました", f"Tried to find company {external_id}"
        ),
        came_back=Text("その企業はありません", "There is no such company"),
        remedy=Text("企業の一覧から選んでください", "Choose it from the list of companies"),
    )
