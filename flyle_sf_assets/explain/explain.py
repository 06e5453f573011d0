"""Explains one record of a tenant: asks the store, then Salesforce, and compares both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flyle_sf_assets.companies.display import ShownRows, members_of, shown
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.explain import reasons
from flyle_sf_assets.explain.explanation import Explanation, FieldAnswer, Reason, Verdict, Why
from flyle_sf_assets.explain.record_in_org import Found, RecordInOrg
from flyle_sf_assets.explain.references import record_id_in
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_tenant_org
from flyle_sf_assets.raw.plan import objects_missing
from flyle_sf_assets.raw.records import RecordStatus
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.settings.models import FieldMapping, TenantSettings
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.companies.picklist_options import option_labels
from flyle_sf_assets.store.companies.rolled_back import KeptValue, kept_values
from flyle_sf_assets.store.companies.search import Company, get_company, ids_named, search_companies
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.sync.state.value_provenance import Origin, origins
from flyle_sf_assets.tenants.object_schemas import known_schemas
from flyle_sf_assets.tenants.registration import not_registered, settings_in
from flyle_sf_assets.tenants.settings_check import describe_reachable

_NAMES_MAX = 5


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store knows of the record."""

    settings: TenantSettings
    link: Link
    company: Company | None
    origins: Mapping[str, Origin]
    labels: Mapping[str, Mapping[str, str]]
    """Of options, by key and API value."""
    schemas: Mapping[str, ObjectSchema | None]
    kept: Mapping[tuple[str, bool], KeptValue]
    """What a rollback keeps of the company, by field and whether it is of the row."""
    is_held: bool
    """Whether a change of many companies waits for approval, whatever became of the link since."""

    @property
    def kept_status(self) -> KeptValue | None:
        """The status that a rollback keeps."""
        return self.kept.get(("status", True))


def explain(
    installation: Installation, tenant: str, reference: str, *, clock: Clock = utc_now
) -> Explanation:
    """Why the record is or is not a company of the tenant, and why its values differ.

    ``reference`` is an id of 15 or 18 characters, the address of the record's page, or a name. At
    most six API calls for settings with up to 18 conditions and two levels of parents. Raises
    NotConnected for a tenant without settings, UsageError ``record_unclear`` for a reference that
    names no record or several, and what asking Salesforce raises.
    """
    with installation.database.tenant(tenant) as tx:
        record_id = record_id_in(reference) or _id_of_name(tx, tenant, reference)
        stored = _stored(tx, tenant, record_id)
    started = Explanation(tenant, record_id, None, "linked", (), company=stored.company)
    if stored.link.state in ("not_connected", "disconnected"):
        return _verdict(started, "tenant_not_linked", reasons.not_linked(stored.link.state))
    patience = Network(clock=clock)
    with open_tenant_org(installation, stored.settings, patience=patience) as org:
        schemas = stored.schemas
        if objects_missing(stored.settings, schemas):
            schemas = describe_reachable(org, stored.settings)
        made = _explained(started, stored, org, schemas)
        return replace(made, api_calls=org.api_calls)


def _explained(
    started: Explanation, stored: _Stored, org: Org, schemas: Mapping[str, ObjectSchema | None]
) -> Explanation:
    settings, record_id = stored.settings, started.record_id
    name = _object_of(record_id, schemas)
    started = replace(started, object=name)
    if name != settings.source.object and _prefix(schemas, settings.source.object) is not None:
        return _verdict(started, "other_object", reasons.other_object(settings.source.object, name))
    record = RecordInOrg(org, settings, schemas, record_id)
    found = record.found()
    if found is None:
        return _verdict(started, "not_visible", reasons.not_visible())
    if found.status is not RecordStatus.LINKED:
        return _gone(started, stored, found)
    return _alive(started, stored, record)


def _alive(started: Explanation, stored: _Stored, record: RecordInOrg) -> Explanation:
    """Of a record that is not deleted: its conditions first, then its values."""
    conditions = record.conditions()
    values, whole = record.values(stored.labels)
    fields = _fields(stored, started.record_id, values)
    made = replace(started, conditions=conditions, fields=fields)
    kept_status = _kept_status(made, stored)
    if not all(one.holds for one in conditions):
        not_met = reasons.conditions_not_met(conditions)
        return _verdict(made, "conditions_not_met", not_met, *kept_status)
    if whole is not None:
        return _verdict(made, "rejected", reasons.rejected(whole))
    if stored.company is None or stored.company.status != "linked":
        why = kept_status or (reasons.not_yet_synced(is_held=stored.is_held),)
        return _verdict(made, "not_yet_synced", *why)
    return _verdict(made, "linked", *reasons.of_fields(fields), *_kept_values(made, stored))


def _gone(started: Explanation, stored: _Stored, found: Found) -> Explanation:
    kept_status = _kept_status(started, stored)
    if found.status is RecordStatus.MERGED:
        return _verdict(started, "merged", reasons.merged(found.merged_into), *kept_status)
    return _verdict(started, "deleted", reasons.deleted(), *kept_status)


def _kept_status(made: Explanation, stored: _Stored) -> tuple[Reason, ...]:
    """That a rollback keeps the company's status, if one does."""
    kept = stored.kept_status
    if kept is None:
        return ()
    return (reasons.status_rolled_back(made.tenant, kept.sync_id),)


def _kept_values(made: Explanation, stored: _Stored) -> tuple[Reason, ...]:
    """Which values a rollback keeps, by the sync that was rolled back."""
    labels: dict[int, list[Text]] = {}
    name = stored.kept.get(("name", True))
    if name is not None:
        labels.setdefault(name.sync_id, []).append(Text("企業名", "company name"))
    for field in made.fields:
        if field.why == "rolled_back":
            sync_id = stored.kept[field.to, False].sync_id
            labels.setdefault(sync_id, []).append(Text(field.label, field.label))
    return tuple(
        reasons.values_rolled_back(made.tenant, sync_id, found) for sync_id, found in labels.items()
    )


def _verdict(made: Explanation, verdict: Verdict, *found: Reason) -> Explanation:
    return replace(made, verdict=verdict, reasons=found)


def _stored(tx: TenantTransaction, tenant: str, record_id: str) -> _Stored:
    settings = settings_in(tx)
    if settings is None:
        raise not_registered(tenant)
    return _Stored(
        settings=settings,
        link=get_link(tx),
        company=get_company(tx, record_id),
        origins=origins(tx, settings),
        labels=_by_key(option_labels(tx)),
        schemas=known_schemas(read_schemas(tx)),
        kept={(one.field, one.of_row): one for one in kept_values(tx, record_id)},
        is_held=get_held(tx) is not None,
    )


def _id_of_name(tx: TenantTransaction, tenant: str, name: str) -> str:
    """The id of the one company of that name; UsageError ``record_unclear`` otherwise."""
    word = name.strip()
    ids = ids_named(tx, word, limit=_NAMES_MAX + 1)
    if word and not ids:
        page = search_companies(tx, word, limit=_NAMES_MAX + 1)
        ids = tuple(one.external_id for one in page.companies)
    if len(ids) == 1:
        return ids[0]
    came_back = Text(
        "その名前の企業はこのテナントになく、レコードのIDでもURLでもありません",
        "No company of this tenant has such a name, and it is no id or address of a record",
    )
    if ids:
        shown, more = ", ".join(ids[:_NAMES_MAX]), len(ids) > _NAMES_MAX
        number = min(len(ids), _NAMES_MAX)
        came_back = Text(
            f"{number}社{'以上' if more else ''}が一致します: {shown}",
            f"{number} companies{' or more' if more else ''} match: {shown}",
        )
    raise UsageError(
        "record_unclear",
        tried=Text(
            f"テナント {tenant} のレコードを見つけようとしました",
            f"Tried to find the record of {tenant}",
        ),
        came_back=came_back,
        remedy=Text(
            "SalesforceのレコードのID、またはレコードのページのURLを指定してください",
            "Give the record's Salesforce id, or the address of its page",
        ),
    )


def _object_of(record_id: str, schemas: Mapping[str, ObjectSchema | None]) -> str | None:
    return next(
        (s.name for s in schemas.values() if s is not None and s.key_prefix == record_id[:3]), None
    )


def _prefix(schemas: Mapping[str, ObjectSchema | None], name: str) -> str | None:
    schema = schemas.get(name)
    return None if schema is None else schema.key_prefix


def _by_key(labels: Mapping[tuple[str, str], str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (key, value), label in labels.items():
        found.setdefault(key, {})[value] = label
    return found


def _fields(stored: _Stored, record_id: str, values: ShownRows) -> tuple[FieldAnswer, ...]:
    held = members_of(stored.company.custom_fields) if stored.company else {}
    asked = values.members.get(record_id, {})
    place = next((n for n, (key, _) in enumerate(values.records) if key == record_id), None)
    found = []
    for mapping in stored.settings.mapping:
        key = mapping.to
        of_field = values.values_of(key)
        theirs, rejected = ("", None) if place is None or not of_field else of_field[place]
        origin = stored.origins.get(key)
        found.append(
            FieldAnswer(
                to=key,
                label=mapping.label,
                source=mapping.from_,
                salesforce=theirs,
                flyle=shown(held.get(key), values.labels.get(key)),
                why=_why(stored, mapping, (asked.get(key), held.get(key)), rejected),
                rejected=rejected,
                read_at=None if origin is None else origin.read_at,
            )
        )
    return tuple(found)


def _why(
    stored: _Stored,
    mapping: FieldMapping,
    both: tuple[str | None, str | None],
    rejected: str | None,
) -> Why:
    """``both`` are Salesforce's value and ours as JSON: two options may have the same label."""
    theirs, ours = map(shown, both)
    if stored.company is None:
        return "no_company"
    if rejected is not None:
        return "rejected"
    if theirs == ours:
        return "same"
    is_frozen = stored.company.status != "linked"
    kept = stored.kept.get((mapping.to, False))
    # Another value than the one that was rolled back comes with the next sync.
    is_kept = kept is not None and shown(kept.salesforce) == theirs
    if is_kept or is_frozen:
        return "rolled_back" if is_kept or stored.kept_status is not None else "frozen"
    if not theirs and mapping.when_blank == "keep":
        return "kept_when_blank"
    return "held" if stored.is_held else "not_refreshed_yet"
