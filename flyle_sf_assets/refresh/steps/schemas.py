"""The object schemas: what describe says of every object that the settings reach.

What does not belong here: asking (``salesforce/describe.py``) and the walk (``raw/plan.py``).
"""

from datetime import datetime, timedelta

from flyle_sf_assets.check.drift import CODES, drifts
from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.errors import SettingsInvalid, Text
from flyle_sf_assets.raw.plan import ReadPlan, Schemas, objects_missing, plan
from flyle_sf_assets.refresh.books import UNKNOWN, known_schemas
from flyle_sf_assets.refresh.context import Refresh
from flyle_sf_assets.refresh.debts import SCHEMAS, consumed_by, digest_of, generation_of
from flyle_sf_assets.refresh.report import ColumnNote, StepReport
from flyle_sf_assets.salesforce import describe
from flyle_sf_assets.salesforce.describe import Described, NotModified
from flyle_sf_assets.salesforce.name_object import NAME
from flyle_sf_assets.salesforce.schema import ObjectSchema
from flyle_sf_assets.store.generations import Consumed, put_consumed, swap_generation
from flyle_sf_assets.store.links import Attention, replace_attention
from flyle_sf_assets.store.notices import add_notice
from flyle_sf_assets.store.schemas import StoredSchema, put_schema, read_schemas, touch_schema

DESCRIBE_EVERY_S = 6 * 3600
"""Metadata has a cadence of its own; an unknown field or option asks for it at once."""


def describe_objects(refresh: Refresh, *, is_forced: bool = False) -> StepReport:
    """Describes the objects that the settings reach, again where Salesforce says they changed.

    Not asked again within `DESCRIBE_EVERY_S`, but by a full read and a census, which compares more
    when an edit came between. ``is_forced`` asks for everything at once.
    """
    with refresh.database.tenant(refresh.tenant) as tx:
        stored = read_schemas(tx)
    if not is_forced and _are_recent_enough(refresh, stored):
        return _report(generation_of(refresh, SCHEMAS), refresh.schemas(), idle=_RECENT)
    is_anew = (
        is_forced or refresh.kind == "census" or _is_anything_hidden(refresh, known_schemas(stored))
    )
    refresh.has_described = True
    refresh.has_described_anew = refresh.has_described_anew or is_anew
    answers: dict[str, Described | NotModified | None] = {}
    schemas: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(refresh.settings, schemas):
        since = {name: stored[name].last_modified for name in missing if name in stored}
        moments = {n: datetime.fromisoformat(text) for n, text in since.items() if text}
        moments = {} if is_anew else moments
        answers |= describe.describe_all(refresh.org.session, missing, moments)
        schemas |= {name: _schema(answers[name], stored.get(name)) for name in missing}
    generation = _commit(refresh, stored, answers)
    _hold_against_org(refresh, schemas)
    return _report(generation, schemas)


def is_untried(refresh: Refresh) -> bool:
    """Whether the org was described, but these settings were never held against it."""
    if refresh.has_described or generation_of(refresh, SCHEMAS) == 0:
        return False
    passed = consumed_by(refresh, SCHEMAS).get("link_settings")
    return passed is None or passed.generation != refresh.settings_version


def _are_recent_enough(refresh: Refresh, stored: dict[str, StoredSchema]) -> bool:
    """Whether these settings were held against schemas that are young enough."""
    passed = consumed_by(refresh, SCHEMAS).get("link_settings")
    if refresh.kind in ("full", "census") or not _are_passed(refresh, passed, refresh.schemas()):
        return False
    return _are_recent(refresh, refresh.plan(), stored)


def standing_schemas(
    refresh: Refresh, passed: Consumed | None, stored: dict[str, StoredSchema]
) -> dict[str, ObjectSchema | None] | None:
    """The schemas, when they are still what the org says; None when a refresh must describe anew.

    Where they are not recent Salesforce is asked whether anything changed, and that nothing did is
    noted. ``passed`` is what these settings were last held against.
    """
    schemas = known_schemas(stored)
    if not _are_passed(refresh, passed, schemas):
        return None
    made = plan(refresh.settings, schemas)
    if _are_recent(refresh, made, stored):
        return schemas
    if _is_anything_hidden(refresh, schemas):
        return None
    names = _objects_in_use(made)
    since = {name: stored[name].last_modified for name in names}
    moments = {name: datetime.fromisoformat(text) for name, text in since.items() if text}
    answers = describe.describe_all(refresh.org.session, sorted(names), moments)
    now = refresh.clock()
    new = {
        name: _stored(name, answer, _known_until(refresh), now)
        for name, answer in answers.items()
        if not isinstance(answer, NotModified)
    }
    if any(one.digest != stored[name].digest for name, one in new.items()):
        return None
    with refresh.database.tenant(refresh.tenant) as tx:
        for name in names:
            # An edit that left everything as it was may have cost values: its moment is kept.
            if name in new:
                put_schema(tx, new[name])
            else:
                touch_schema(tx, name, now)
    return schemas


def _are_passed(refresh: Refresh, passed: Consumed | None, schemas: Schemas) -> bool:
    """Whether these very settings were held against schemas of every object that they reach."""
    if passed is None or passed.generation != refresh.settings_version:
        return False
    return not objects_missing(refresh.settings, schemas)


def _are_recent(refresh: Refresh, made: ReadPlan, stored: dict[str, StoredSchema]) -> bool:
    ages = [refresh.clock() - stored[name].checked_at for name in _objects_in_use(made)]
    return max(ages).total_seconds() < DESCRIBE_EVERY_S


def _objects_in_use(made: ReadPlan) -> set[str]:
    nodes = [*made.nodes, *(leaf.node for leaf in made.condition_leaves.values())]
    # Name is no object that could be described: what stands behind it is among the nodes.
    return {node.object for node in nodes} - {NAME.name}


def _is_anything_hidden(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> bool:
    """Whether a mapped field cannot be read now: a 304 may hide that its permission came back."""
    if objects_missing(refresh.settings, schemas):
        return False
    made = plan(refresh.settings, schemas)
    return not all(field.readable for field in company_fields(refresh.settings, made.leaves))


def _hold_against_org(refresh: Refresh, schemas: dict[str, ObjectSchema | None]) -> None:
    """Settings that never worked in this org are refused with every problem they have.

    Settings that once passed are not refused again: what the org takes away later stops only the
    fields that it concerns, and says so.
    """
    passed = consumed_by(refresh, SCHEMAS).get("link_settings")
    if passed is not None and passed.generation == refresh.settings_version:
        _note_drift(refresh, schemas)
        return
    found = problems(refresh.settings, plan(refresh.settings, schemas), schemas)
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


def _schema(
    answer: Described | NotModified | None, stored: StoredSchema | None
) -> ObjectSchema | None:
    if isinstance(answer, Described):
        return answer.schema
    if isinstance(answer, NotModified) and stored is not None:
        return describe.from_bytes(stored.document.encode())
    return None


def _commit(
    refresh: Refresh,
    stored: dict[str, StoredSchema],
    answers: dict[str, Described | NotModified | None],
) -> int:
    now = refresh.clock()
    changed = False
    before = generation_of(refresh, SCHEMAS)
    with refresh.committing() as tx:
        for name, answer in answers.items():
            if isinstance(answer, NotModified):
                touch_schema(tx, name, now)
                continue
            new = _stored(name, answer, _known_until(refresh), now)
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
    refresh.books.forget_schemas()
    return following


def _known_until(refresh: Refresh) -> datetime:
    """Until when this describe knows all edits.

    One of the same second may follow it, and one by a transaction that ends late may have been
    stamped before it: both are asked for again.
    """
    return refresh.until - timedelta(seconds=refresh.overlap_s + 1)


def _stored(
    name: str, answer: Described | None, known_until: datetime, now: datetime
) -> StoredSchema:
    if answer is None:
        return StoredSchema(name, digest_of(None), None, UNKNOWN, now)
    modified = min(answer.last_modified or known_until, known_until).isoformat()
    document = describe.to_bytes(answer.schema).decode()
    return StoredSchema(name, describe.digest(answer.schema), modified, document, now)


_RECENT = Text(
    "直近に確認済みのため、オブジェクト定義は確認していません",
    "The schemas were checked a short while ago",
)


def _report(generation: int, schemas: Schemas, idle: Text | None = None) -> StepReport:
    known = [schema for schema in schemas.values() if schema is not None]
    hidden = sorted(name for name, schema in schemas.items() if schema is None)
    lines = [f"- `{s.name}` ({s.label}): {len(s.fields)} fields" for s in known]
    lines += [f"- `{name}`: not known to the org, or hidden" for name in hidden]
    return StepReport(
        asset="salesforce/object_schemas",
        generation=str(generation),
        idle=idle,
        rows=len(known),
        counts={"objects": len(known), "fields": sum(len(s.fields) for s in known)},
        columns=tuple(
            ColumnNote(f"{schema.name}.{field.name}", field.type, field.label)
            for schema in known
            for field in schema.fields
        )[:500],
        notes={"objects": "\n".join(lines)},
    )
