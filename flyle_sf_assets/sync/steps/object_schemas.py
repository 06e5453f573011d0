"""The object schemas: the describe of every object that the settings reach."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flyle_sf_assets.check.drift import CODES, Drift, drifts
from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.errors import (
    FlyleError,
    NotPermitted,
    Problem,
    SettingsInvalid,
    Text,
    sentences,
)
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.raw.plan import Schemas, objects_missing, plan
from flyle_sf_assets.salesforce import describe
from flyle_sf_assets.salesforce.describe import Described, NotModified
from flyle_sf_assets.salesforce.schema.stored import to_bytes
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import Consumed, swap_generation
from flyle_sf_assets.store.syncs.object_schemas import (
    StoredSchema,
    put_schema,
    read_schemas,
    touch_schema,
)
from flyle_sf_assets.store.tenants.links import Attention, replace_attention
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.extract.schema_reader import (
    Redescribed,
    is_anything_hidden,
    redescribe,
)
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import ColumnNote, StepReport
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.tenants.applied_settings import (
    Numbered,
    lines,
    problem_of,
    refuse,
    take_effect,
)
from flyle_sf_assets.tenants.backoff import stops
from flyle_sf_assets.tenants.object_schemas import HIDDEN, UNKNOWN, known_schemas

_log = logger("refresh")

DESCRIBE_EVERY_S = 6 * 3600
"""How old the schemas may be in a scheduled poll. Runs always ask the org."""


def describe_objects(refresh: Refresh, *, is_forced: bool = False) -> StepReport:
    """Describes the objects that the settings reach, once in a refresh: by one call per 25.

    Uses If-Modified-Since, except in a census, while something that the settings name is hidden,
    and before settings are refused. ``is_forced`` describes everything, again if necessary.

    Settings that never fitted this org are refused, and the refresh goes on with those in effect;
    without any it raises SettingsInvalid. Refused ones are compared again, once in a refresh.

    Commits the schemas (``flyle.object_schemas``); the report's ``rows`` are objects. Relied on:
    REST API Developer Guide, "sObject Describe".

    Example: `sync.session.open_refresh`
    """
    if refresh.refused is not None:
        in_effect = Numbered(refresh.settings, refresh.settings_version)
        refresh.work_with(refresh.refused, fallback=in_effect)
        refresh.refused = None
    found = _described_for_fitting(refresh, is_forced=is_forced)
    made = plan(refresh.settings, found.schemas)
    drifted = drifts(made, company_fields(refresh.settings, made.leaves))
    now = refresh.clock()
    with refresh.committing() as tx:
        _note_drift(tx, drifted, now)
    report = _report(found)
    # The first asset of a run shows what the run may use of the org's requests.
    figures = refresh.budget.figures if refresh.budget else {}
    return replace(report, counts={**report.counts, **figures})


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Schemas as committed, and what of the settings does not fit them.

    ``is_new``: these settings were never in effect. ``refused`` is what is said about settings
    that this refresh does not work with.
    """

    schemas: Schemas
    generation: int
    is_new: bool
    problems: tuple[Problem, ...]
    refused: str = ""

    @property
    def is_fitting(self) -> bool:
        """Whether the settings can be used. Those that once passed are not refused again.

        What the org removes later stops only the fields that it concerns, and they report it.
        """
        return not (self.is_new and _are_errors(self.problems))


def _described_for_fitting(refresh: Refresh, *, is_forced: bool) -> _Comparison:
    """Describes for the settings of the refresh, or for those in effect if they do not fit."""
    candidate, fallback = Numbered(refresh.settings, refresh.settings_version), refresh.fallback
    try:
        found = _compared(refresh, is_forced=is_forced)
    except FlyleError as error:
        if fallback is None or fallback.settings.connection == candidate.settings.connection:
            raise
        # The connection that works goes on. An org that does not answer refuses no settings.
        reasons = (problem_of(error),) if stops(error) else ()
        return _described_for_fallback(refresh, candidate, fallback, reasons, None)
    if not found.is_fitting:
        if fallback is None:
            raise SettingsInvalid(refresh.tenant, found.problems)
        return _described_for_fallback(refresh, candidate, fallback, found.problems, found)
    if found.is_new:
        with refresh.committing() as tx:
            take_effect(tx, candidate, refresh.clock(), sync_id=refresh.sync_id)
        refresh.fallback, refresh.has_compared = None, True
    return found


def _described_for_fallback(
    refresh: Refresh,
    candidate: Numbered,
    fallback: Numbered,
    reasons: tuple[Problem, ...],
    found: _Comparison | None,
) -> _Comparison:
    """Refuses the candidate if there are reasons, and describes for the settings in effect.

    ``found`` are the schemas that the candidate reaches, if they could be described.
    """
    refresh.work_with(fallback)
    if reasons:
        with refresh.committing() as tx:
            refuse(tx, candidate.version, reasons, fallback.version, refresh.clock())
        refresh.has_compared = True
        _log.warning("settings not applied", version=candidate.version, problems=len(reasons))
    is_other_org = fallback.settings.connection != candidate.settings.connection
    if found is None or is_other_org or objects_missing(fallback.settings, found.schemas):
        try:
            found = _compared(refresh, is_forced=False)
        except NotPermitted:
            if not (reasons and is_other_org):
                raise
            # Nothing works any more: what people have to correct are the newest settings.
            raise SettingsInvalid(refresh.tenant, reasons) from None
    return replace(found, is_new=False, refused=lines(reasons).en if reasons else "")


def _compared(refresh: Refresh, *, is_forced: bool) -> _Comparison:
    """Describes, commits the schemas, and compares settings that were never in effect."""
    with refresh.committed.transaction() as tx:
        stored = read_schemas(tx)
    settings, known = refresh.settings, known_schemas(stored)
    passed = refresh.committed.consumed(SCHEMAS).get("link_settings")
    is_new = passed is None or passed.generation != refresh.settings_version
    is_whole = is_forced or refresh.kind == "census" or is_anything_hidden(settings, known)
    found = _described(refresh, stored, known, is_whole=is_whole)
    if not found.is_whole and is_new and _are_errors(_problems(settings, found.schemas)):
        found = _described(refresh, stored, known, is_whole=True)
    generation = _commit(refresh, stored, found)
    return _Comparison(
        found.schemas, generation, is_new, _problems(settings, found.schemas) if is_new else ()
    )


def are_passed(
    version: int, passed: Consumed | None, schemas: Schemas, reached: Iterable[str]
) -> bool:
    """Whether this settings version passed with schemas of all objects that it reaches.

    ``passed`` is what the settings were last compared with, ``reached`` are those objects.
    """
    if passed is None or passed.generation != version:
        return False
    return {name.lower() for name in reached} <= {name.lower() for name in schemas}


def are_recent(stored: Mapping[str, StoredSchema], reached: Iterable[str], now: datetime) -> bool:
    """Whether the stored schemas of all objects that the settings reach were just checked."""
    ages = [now - stored[name].checked_at for name in reached]
    return max(ages).total_seconds() < DESCRIBE_EVERY_S


def is_unchanged(
    org: OrgAccess,
    committed: CommittedState,
    settings: TenantSettings,
    stored: Mapping[str, StoredSchema],
    schemas: Schemas,
    clock: Clock,
) -> bool:
    """Whether the org now says that the stored schemas are unchanged; stores that it said so.

    False without asking while something is hidden: only a refresh describes everything. One call.
    """
    if is_anything_hidden(settings, schemas):
        return False
    found = redescribe(org.opened, settings, stored, schemas, is_whole=False)
    now = clock()
    new = {
        name: _stored(stored.get(name), name, answer, _known_until(org), now)
        for name, answer in found.answers.items()
        if not isinstance(answer, NotModified)
    }
    if any(name not in stored or one.digest != stored[name].digest for name, one in new.items()):
        return False
    with committed.transaction() as tx:
        for name in found.answers:
            # An edit that changed no schema may have removed values: its time is stored.
            if name in new:
                put_schema(tx, new[name])
            else:
                touch_schema(tx, name, now)
    return True


def _described(
    refresh: Refresh, stored: Mapping[str, StoredSchema], known: Schemas, *, is_whole: bool
) -> Redescribed:
    found = redescribe(refresh.org.opened, refresh.settings, stored, known, is_whole=is_whole)
    refresh.has_described = True
    refresh.has_described_whole = refresh.has_described_whole or is_whole
    return found


def _problems(settings: TenantSettings, schemas: Schemas) -> tuple[Problem, ...]:
    return problems(settings, plan(settings, schemas), schemas)


def _are_errors(found: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in found)


def _note_drift(tx: TenantTransaction, found: Iterable[Drift], now: datetime) -> None:
    items = [Attention(d.code, d.object, d.field, d.message, d.remedy) for d in found]
    if replace_attention(tx, CODES, items, now):
        told = [sentences(one.message, one.remedy) for one in found]
        text = Text("\n".join(one.ja for one in told), "\n".join(one.en for one in told))
        title = Text("Salesforceの項目が読み取れません", "Fields of Salesforce cannot be read")
        add_notice(tx, "attention", title, text, now)


def _commit(refresh: Refresh, stored: Mapping[str, StoredSchema], found: Redescribed) -> int:
    now = refresh.clock()
    changed = False
    before = refresh.committed.generation_number(SCHEMAS)
    with refresh.committing() as tx:
        for name, answer in found.answers.items():
            if isinstance(answer, NotModified):
                touch_schema(tx, name, now)
                continue
            new = _stored(stored.get(name), name, answer, _known_until(refresh.org), now)
            changed |= name not in stored or stored[name].digest != new.digest
            put_schema(tx, new)
        following = before + 1 if changed or before == 0 else before
        swap_generation(tx, SCHEMAS, expected_generation=before, generation=following, now=now)
    if found.has_news:
        refresh.committed.forget_schemas()
    return following


def _known_until(org: OrgAccess) -> datetime:
    """Until when this describe includes all edits.

    One of the same second may follow it, and one by a transaction that ends late may have been
    stamped before it: both are asked for again.
    """
    return org.until - timedelta(seconds=org.overlap_s + 1)


def _stored(
    before: StoredSchema | None,
    name: str,
    answer: Described | None,
    known_until: datetime,
    now: datetime,
) -> StoredSchema:
    if answer is None:
        # The last known schema stays: the labels of its options are needed if it comes back.
        return StoredSchema(name, HIDDEN, None, before.document if before else UNKNOWN, now)
    modified = min(answer.last_modified or known_until, known_until).isoformat()
    document = to_bytes(answer.schema).decode()
    return StoredSchema(name, describe.digest(answer.schema), modified, document, now)


def _report(found: _Comparison) -> StepReport:
    schemas = found.schemas
    known = [schema for schema in schemas.values() if schema is not None]
    hidden = sorted(name for name, schema in schemas.items() if schema is None)
    lines = [f"- `{s.name}` ({s.label}): {len(s.fields)} fields" for s in known]
    lines += [f"- `{name}`: not known to the org, or hidden" for name in hidden]
    notes = {"settings not applied": found.refused} if found.refused else {}
    return StepReport(
        asset="salesforce/object_schemas",
        generation=str(found.generation),
        rows=len(known),
        counts={"objects": len(known), "fields": sum(len(s.fields) for s in known)},
        columns=tuple(
            ColumnNote(f"{schema.name}.{field.name}", field.type, field.label)
            for schema in known
            for field in schema.fields
        )[:500],
        notes={**notes, "objects": "\n".join(lines)},
    )
