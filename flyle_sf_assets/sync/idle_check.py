"""The idle check: whether a tenant has anything to do, by one call in most cases.

Idle means that Salesforce has nothing new in the window, rows that became visible late included,
and that no asset is stale. It costs one composite call per five objects; one call more when
records of the base object are in the window, to see whether they match the conditions now; and one
for the metadata if they were not checked in six hours, or when a person asked for a sync.
"""

from dataclasses import dataclass
from functools import partial

import polars as pl

from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import tombstones
from flyle_sf_assets.raw.plan import ReadPlan, objects_reached, plan
from flyle_sf_assets.raw.questions import Questions, Window
from flyle_sf_assets.raw.records import READABLE, RecordStatus, changed_rows, is_any
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.companies.held_changes import HeldChange, get_held
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    Generation,
    all_consumed,
    read_generations,
)
from flyle_sf_assets.store.syncs.object_schemas import StoredSchema, read_schemas
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.state.asset_names import COMPANIES, SCHEMAS
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.state.held_inputs import held_inputs
from flyle_sf_assets.sync.state.invalid_state import is_doubtful
from flyle_sf_assets.sync.state.lost_files import damages
from flyle_sf_assets.sync.state.staleness import stale_of
from flyle_sf_assets.sync.steps.object_schemas import are_passed, are_recent, is_unchanged
from flyle_sf_assets.tenants.object_schemas import known_schemas
from flyle_sf_assets.tenants.outage import is_outage_alone

ROWS_MAX = 2_000
"""One REST page. A window with this many rows is new without a closer check."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One dataset's question: what was stamped since the watermark, and what of it is held."""

    questions: Questions
    window: Window
    manifest: Manifest
    is_one_to_one: bool


@dataclass(frozen=True, slots=True)
class StoredState:
    """What is stored of one tenant, read in one transaction; ``held`` only of a held tenant."""

    link: Link
    generations: dict[str, Generation]
    taken: dict[str, dict[str, Consumed]]
    schemas: dict[str, StoredSchema]
    held: HeldChange | None

    @staticmethod
    def read(tx: TenantTransaction) -> "StoredState":
        """As it is committed now."""
        link = get_link(tx)
        held = get_held(tx) if link.state == "held" else None
        return StoredState(link, read_generations(tx), all_consumed(tx), read_schemas(tx), held)


@dataclass(frozen=True, slots=True)
class IdleQuestion:
    """What is asked about one tenant's org, its data, and its settings of some version."""

    stored: StoredState
    org: OrgAccess
    committed: CommittedState
    lake: Lake
    settings: TenantSettings
    settings_version: int
    clock: Clock


def is_idle(asked: IdleQuestion, *, is_asked_for: bool = False) -> bool:
    """Whether nothing is new and no asset is stale; False when that is not certain.

    ``is_asked_for``: a person waits for the answer, so the metadata are checked too, by one call
    more, however recent they are. Call it under the tenant's lock. Raises what asking Salesforce
    raises.
    """
    org, lake, settings = asked.org, asked.lake, asked.settings
    link, generations, held = asked.stored.link, asked.stored.generations, asked.stored.held
    taken, stored = asked.stored.taken, asked.stored.schemas
    # The companies of a held tenant wait; the same records and settings give the same numbers.
    is_known = (
        held is not None
        and not held.is_approved
        and held.inputs == held_inputs(settings, generations)
    )
    # An org that answers again and has nothing new needs no run to be up to date.
    is_in_step = link.state == "linked" or is_outage_alone(link) or is_known
    if not is_in_step or link.first_synced_at is None:
        return False
    stale = stale_of(settings, generations, taken)
    is_stale = bool(stale) and not (is_known and stale == (f"flyle/{COMPANIES}",))
    is_stale = is_stale or is_doubtful(generations, asked.clock())
    if is_stale or damages(lake, generations):
        return False
    schemas, passed = known_schemas(stored), taken.get(SCHEMAS, {}).get("link_settings")
    is_same = partial(is_unchanged, org, asked.committed, settings, stored, schemas, asked.clock)
    reached = objects_reached(settings, schemas)
    is_passed = are_passed(asked.settings_version, passed, schemas, reached)
    is_recent = is_passed and are_recent(stored, reached, asked.clock())
    if not is_passed or not (is_recent or is_same()):
        return False
    made = plan(settings, schemas)
    found = [
        _asked(org, one, made, generations.get(one.dataset.name))
        for one in (Questions.about(d, made, schemas, settings) for d in made.datasets)
    ]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return False
    # The sweep finds changes without a stamp.
    known = [one for one in known if one.questions.is_stamped]
    statements = [
        one.questions.touched(one.window, with_values=True, limit=ROWS_MAX) for one in known
    ]
    answers = org.opened.reader.rows_by_composite(statements)
    if not all(_is_known(org, lake, o, answer) for o, answer in zip(known, answers, strict=True)):
        return False
    # The records first: if they are new, the refresh describes anyway.
    return not is_asked_for or not is_recent or is_same()


def _asked(
    org: OrgAccess, questions: Questions, made: ReadPlan, kept: Generation | None
) -> _Asked | None:
    manifest = None if kept is None else Manifest.held(kept.manifest)
    if kept is None or kept.watermark is None or manifest is None:
        return None
    return _Asked(
        questions=questions,
        window=org.window_after(kept.watermark),
        manifest=manifest,
        is_one_to_one=any(n.dataset == questions.dataset.name and n.one_to_one for n in made.nodes),
    )


def _is_known(org: OrgAccess, lake: Lake, one: _Asked, answer: pl.DataFrame) -> bool:
    """Whether everything that was stamped is held unchanged, or is out of scope."""
    if answer.is_empty() or answer.height >= ROWS_MAX:
        return answer.is_empty()
    told = tombstones(answer, else_status=RecordStatus.REFERENCED).with_columns(
        (pl.col("_status") == RecordStatus.REFERENCED.value).alias("alive")
    )
    # Not kept in memory, and not read before: for most tenants no row is needed.
    rows = lake.read(one.manifest)
    held = rows.filter(pl.col("Id").is_in(told["Id"].implode())).collect()
    # Stamped only through a parent that the conditions refer to: membership may have changed.
    if (told["SystemModstamp"] < one.window.since).any() or _has_moved(one, answer, told, held):
        return False
    strangers = told.filter("alive").join(held, on="Id", how="anti")
    if one.is_one_to_one and not strangers.is_empty():
        return False
    depends_on_scope = not strangers.is_empty() or one.questions.scope is not None
    return not (one.questions.dataset.is_base and depends_on_scope) or _is_scope(org, one, held)


def _has_moved(one: _Asked, answer: pl.DataFrame, told: pl.DataFrame, held: pl.DataFrame) -> bool:
    """Whether a held record differs from the answer.

    Stamps alone do not show it: of two changes within a second the later one may have become
    visible after the record was read.
    """
    stored = held.select(
        "Id", pl.col("SystemModstamp").alias("held_stamp"), is_any(READABLE).alias("held_alive")
    )
    both = told.join(stored, on="Id")
    is_stamped = pl.col("SystemModstamp").ne_missing(pl.col("held_stamp"))
    if not both.filter(is_stamped | (pl.col("alive") != pl.col("held_alive"))).is_empty():
        return True
    values = canonical(answer.lazy(), one.questions.dataset.columns).collect()
    came = values.join(both.filter("alive"), on="Id", how="semi")
    return not changed_rows(came, held.select(came.columns)).is_empty()


def _is_scope(org: OrgAccess, one: _Asked, held: pl.DataFrame) -> bool:
    """Whether exactly those stamped records match that are held as matching."""
    columns = one.questions.matching(one.window, columns=())
    answer = canonical(org.opened.reader.rows(columns).lazy(), ()).collect()
    linked = held.filter(pl.col("_status") == RecordStatus.LINKED.value)
    return (
        answer.join(linked, on=["Id", "SystemModstamp"], how="anti").is_empty()
        and linked.join(answer, on="Id", how="anti").is_empty()
    )
