"""The object schemas: what describe says of every object that the settings reach.

What does not belong here: asking (``sync/extract/schema_reader.py``) and the walk
(``raw/plan.py``).
"""

from datetime import datetime, timedelta

from flyle_sf_assets.check.drift import CODES, drifts
from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.errors import Problem, SettingsInvalid
from flyle_sf_assets.raw.plan import Schemas, objects_missing, plan
from flyle_sf_assets.salesforce import describe
from flyle_sf_assets.salesforce.describe import Described, NotModified
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.store.syncs.generations import Consumed, put_consumed, swap_generation
from flyle_sf_assets.store.syncs.object_schemas import (
    StoredSchema,
    put_schema,
    read_schemas,
    touch_schema,
)
from flyle_sf_assets.store.tenants.links import Attention, replace_attention
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.sync.consumed_inputs import consumed_by, generation_of
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.extract.schema_reader import (
    Redescribed,
    is_anything_hidden,
    reached_objects,
    redescribe,
)
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.sync.step_report import ColumnNote, StepReport
from flyle_sf_assets.tenants.object_schemas import HIDDEN, UNKNOWN, known_schemas

DESCRIBE_EVERY_S = 6 * 3600
"""How old the schemas may be for a look that nobody asked for. Runs always ask the org."""


def describe_objects(refresh: Refresh, *, is_forced: bool = False) -> StepReport:
    """Describes the objects that the settings reach, once in a refresh: by one call per 25.

    With If-Modified-Since, but in a census, while something that the settings name is hidden, and
    before settings are refused. ``is_forced`` asks for everything, again if need be.
    Raises SettingsInvalid for settings that never fitted this org.

    Commits the schemas (``flyle.object_schemas``); the report's ``rows`` are objects. Relied on:
    REST API Developer Guide, "sObject Describe".

    Example: `sync.session.open_refresh`
    """
    with refresh.database.tenant(refresh.tenant) as tx:
        stored = read_schemas(tx)
    known = known_schemas(stored)
    is_whole = is_forced or refresh.kind == "census" or is_anything_hidden(refresh.settings, known)
    found = redescribe(refresh, stored, known, is_whole=is_whole)
    if not found.is_whole and _is_refused(refresh, found.schemas):
        found = redescribe(refresh, stored, known, is_whole=True)
    generation = _commit(refresh, stored, found)
    _hold_against_org(refresh, found.schemas)
    return _report(generation, found.schemas)


def committed_schemas(
    refresh: Refresh, passed: Consumed | None, stored: dict[str, StoredSchema]
) -> dict[str, ObjectSchema | None] | None:
    """The schemas, when they are still what the org says; None when a refresh must describe.

    Where they are not recent Salesforce is asked whether anything changed. ``passed`` is what
    these settings were last held against.
    """
    schemas = known_schemas(stored)
    if not _are_passed(refresh, passed, schemas):
        return None
    if _are_recent(refresh, stored, schemas) or is_unchanged(refresh, stored, schemas):
        return schemas
    return None


def is_unchanged(
    refresh: Refresh, stored: dict[str, StoredSchema], schemas: dict[str, ObjectSchema | None]
) -> bool:
    """Whether the org says now that the schemas are as they are stored; that they are is noted.

    No, without asking, while something is hidden: only a refresh asks for all of it. One call.
    """
    if is_anything_hidden(refresh.settings, schemas):
        return False
    found = redescribe(refresh, stored, schemas, is_whole=False)
    now = refresh.clock()
    new = {
        name: _stored(stored.get(name), name, answer, _known_until(refresh), now)
        for name, answer in found.answers.items()
        if not isinstance(answer, NotModified)
    }
    if any(name not in stored or one.digest != stored[name].digest for name, one in new.items()):
        return False
    with refresh.database.tenant(refresh.tenant) as tx:
        for name in found.answers:
            # An edit that left everything as it was may have cost values: its moment is kept.
            if name in new:
                put_schema(tx, new[name])
            else:
                touch_schema(tx, name, now)
    return True


def _are_passed(refresh: Refresh, passed: Consumed | None, schemas: Schemas) -> bool:
    """Whether these very settings were held against schemas of every object that they reach."""
    if passed is None or passed.generation != refresh.settings_version:
        return False
    return not objects_missing(refresh.settings, schemas)


def _are_recent(refresh: Refresh, stored: dict[str, StoredSchema], schemas: Schemas) -> bool:
    reached = reached_objects(refresh.settings, schemas)
    ages = [refresh.clock() - stored[name].checked_at for name in reached]
    return max(ages).total_seconds() < DESCRIBE_EVERY_S


def _is_tried(refresh: Refresh) -> bool:
    """Whether these settings once fitted this org."""
    passed = consumed_by(refresh, SCHEMAS).get("link_settings")
    return passed is not None and passed.generation == refresh.settings_version


def _is_refused(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> bool:
    return not _is_tried(refresh) and any(
        one.severity == "error" for one in _problems(refresh, schemas)
    )


def _problems(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> tuple[Problem, ...]:
    return problems(refresh.settings, plan(refresh.settings, schemas), schemas)


def _hold_against_org(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> None:
    """Settings that never worked in this org are refused with every problem they have.

    Settings that once passed are not refused again: what the org takes away later stops only the
    fields that it concerns, and says so.
    """
    if _is_tried(refresh):
        _note_drift(refresh, schemas)
        return
    found = _problems(refresh, schemas)
    if any(problem.severity == "error" for problem in found):
        raise SettingsInvalid(refresh.tenant, found)
    with refresh.committing() as tx:
        put_consumed(tx, SCHEMAS, [Consumed("link_settings", refresh.settings_version)])
    _note_drift(refresh, schemas)


def _note_drift(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> None:
    made = plan(refresh.settings, schemas)
    found = drifts(made, company_fields(refresh.settings, made.leaves))
    items = [Attention(d.code, d.object, d.field, d.message, d.remedy) for d in found]
    now = refresh.clock()
    with refresh.committing() as tx:
        if replace_attention(tx, CODES, items, now):
            text = "\n".join(f"{d.message.ja} {d.remedy.ja}" for d in found)
            add_notice(tx, "attention", "Salesforceの項目が読み取れません", text, now)


def _commit(refresh: Refresh, stored: dict[str, StoredSchema], found: Redescribed) -> int:
    now = refresh.clock()
    changed = False
    before = generation_of(refresh, SCHEMAS)
    with refresh.committing() as tx:
        for name, answer in found.answers.items():
            if isinstance(answer, NotModified):
                touch_schema(tx, name, now)
                continue
            new = _stored(stored.get(name), name, answer, _known_until(refresh), now)
            changed |= name not in stored or stored[name].digest != new.digest
            put_schema(tx, new)
        following = before + 1 if changed or before == 0 else before
        swap_generation(
            tx,
            SCHEMAS,
            expected_generation=before,
            generation=following,
            manifest="{}",
            watermark=None,
            now=now,
        )
    if found.has_news:
        refresh.committed.forget_schemas()
    return following


def _known_until(refresh: Refresh) -> datetime:
    """Until when this describe knows all edits.

    One of the same second may follow it, and one by a transaction that ends late may have been
    stamped before it: both are asked for again.
    """
    return refresh.until - timedelta(seconds=refresh.overlap_s + 1)


def _stored(
    before: StoredSchema | None,
    name: str,
    answer: Described | None,
    known_until: datetime,
    now: datetime,
) -> StoredSchema:
    if answer is None:
        # What was known of it stays: what its options are called matters when it comes back.
        return StoredSchema(name, HIDDEN, None, before.document if before else UNKNOWN, now)
    modified = min(answer.last_modified or known_until, known_until).isoformat()
    document = describe.to_bytes(answer.schema).decode()
    return StoredSchema(name, describe.digest(answer.schema), modified, document, now)


def _report(generation: int, schemas: Schemas) -> StepReport:
    known = [schema for schema in schemas.values() if schema is not None]
    hidden = sorted(name for name, schema in schemas.items() if schema is None)
    lines = [f"- `{s.name}` ({s.label}): {len(s.fields)} fields" for s in known]
    lines += [f"- `{name}`: not known to the org, or hidden" for name in hidden]
    return StepReport(
        asset="salesforce/object_schemas",
        generation=str(generation),
        rows=len(known),
        counts={"objects": len(known), "fields": sum(len(s.fields) for s in known)},
        columns=tuple(
            ColumnNote(f"{schema.name}.{field.name}", field.type, field.label)
            for schema in known
            for field in schema.fields
        )[:500],
        notes={"objects": "\n".join(lines)},
    )
