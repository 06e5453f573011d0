"""Impossible rows and times that an earlier version stored: found once and repaired.

Earlier versions accepted rows with any Id or stamp, and any ``Date`` as Salesforce's time. A
dataset that holds such rows counts as not held, and one whose watermark lies ahead is read whole:
the refresh that finds it reads it again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from flyle_sf_assets.enriched.join import PARENT_ID
from flyle_sf_assets.errors import RecordFileDamaged
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import Schemas, plan
from flyle_sf_assets.salesforce.bounds import Bounds
from flyle_sf_assets.salesforce.id_columns import has_valid_id
from flyle_sf_assets.salesforce.soql import holds_ids
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.companies.counts import linked_companies
from flyle_sf_assets.store.companies.dry_run import company_states
from flyle_sf_assets.store.companies.upsert import end_companies
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Generation,
    forget_watermark,
    keep_manifest,
    lose_generation,
)
from flyle_sf_assets.store.syncs.syncs import SyncCounts, add_counts, add_reread
from flyle_sf_assets.store.tenants.links import record_figures
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.telemetry.logs import logger

_log = logger("refresh")


def is_doubtful(current: Mapping[str, Generation], now: datetime) -> bool:
    """Whether a refresh has something to check; no file is read for it."""
    return bool(_unjudged(current) or _ahead(current, now))


def note_impossible(
    committed: CommittedState, lake: Lake, settings: TenantSettings, sync_id: int, now: datetime
) -> dict[str, str]:
    """Checks what was not checked yet; impossible data no longer counts as held.

    Returns what was found, by dataset; the sync's row and the log contain it too. Companies of
    impossible ids are ``missing``.
    """
    current = committed.generations()
    unjudged, ahead = _unjudged(current), _ahead(current, now)
    if not unjudged and not ahead:
        return {}
    lookups = _lookups(settings, committed.schemas()) if unjudged else {}
    reasons = {
        name: _impossible(lake, one, _latest(now), lookups.get(name, frozenset()))
        for name, one in unjudged.items()
    }
    wrong = {name: why for name, why in reasons.items() if why is not None}
    with committed.transaction() as tx:
        for name, manifest in unjudged.items():
            number = current[name].generation
            if name in wrong:
                lose_generation(tx, name, number)
            else:
                keep_manifest(tx, name, number, replace(manifest, is_judged=True).encode())
        for name in ahead:
            forget_watermark(tx, name)
        told = {**dict.fromkeys(ahead, "its watermark was ahead of the clock"), **wrong}
        add_reread(tx, sync_id, told)
        ended = _end_impossible_companies(tx, sync_id, now) if unjudged else 0
    committed.forget()
    for name, why in told.items():
        _log.warning("impossible state of an earlier version", dataset=name, reason=why)
    if ended:
        _log.warning("companies of impossible ids", ended=ended)
    return told


def _unjudged(current: Mapping[str, Generation]) -> dict[str, Manifest]:
    held = {name: Manifest.held(one.manifest) for name, one in current.items()}
    return {name: one for name, one in held.items() if one is not None and not one.is_judged}


def _ahead(current: Mapping[str, Generation], now: datetime) -> list[str]:
    """The datasets whose watermark is later than any clock of Salesforce can have been."""
    latest = _latest(now)
    return [name for name, one in current.items() if one.watermark and one.watermark > latest]


def _latest(now: datetime) -> datetime:
    return now + timedelta(seconds=Bounds().clock_skew_s)


def _lookups(settings: TenantSettings, schemas: Schemas) -> dict[str, frozenset[str]]:
    """The columns that hold ids of other records, by dataset, where its object is known."""
    known = {node.dataset: schemas.get(node.object) for node in plan(settings, schemas).nodes}
    return {
        dataset: frozenset(one.name for one in schema.fields if one.name != "Id" and holds_ids(one))
        for dataset, schema in known.items()
        if schema is not None
    }


def _impossible(
    lake: Lake, manifest: Manifest, latest: datetime, lookups: frozenset[str]
) -> str | None:
    """Rows of a dataset that no org has; None when all are possible. Reads a few columns of it."""
    try:
        found = _figures(lake.read(manifest), latest, lookups)
    except RecordFileDamaged as error:
        return error.reason
    except pl.exceptions.PolarsError as error:
        return f"its files are no record files ({type(error).__name__})"
    rows = found["rows"]
    faults = {
        f"{found['ids']:,} of {rows:,} rows have an impossible Id": found["ids"],
        "rows have the same Id": found["unique"] != rows,
        f"{found['lookups']:,} of {rows:,} rows have an impossible lookup": found["lookups"],
        f"{found['stamps']:,} of {rows:,} rows are stamped ahead of the clock": found["stamps"],
    }
    return next((what for what, is_so in faults.items() if is_so), None)


def _figures(rows: pl.LazyFrame, latest: datetime, lookups: frozenset[str]) -> dict[str, int]:
    """Counts of ``rows``, of ``unique`` ids, and of rows with wrong ``ids, lookups, stamps``."""
    names = [
        name
        for name in rows.collect_schema().names()
        if name in lookups or name.startswith(PARENT_ID)
    ]
    wrong = [pl.col(name).is_not_null() & ~has_valid_id(name) for name in names]
    return (
        rows.select(
            pl.len().alias("rows"),
            (~has_valid_id("Id")).sum().alias("ids"),
            pl.col("Id").n_unique().alias("unique"),
            pl.any_horizontal(pl.lit(value=False), *wrong).sum().alias("lookups"),
            (pl.col("SystemModstamp") > latest).sum().alias("stamps"),
        )
        .collect()
        .row(0, named=True)
    )


def _end_impossible_companies(tx: TenantTransaction, sync_id: int, now: datetime) -> int:
    ids = company_states(tx)["external_id"]
    wrong = ids.to_frame().filter(~has_valid_id("external_id"))
    if wrong.is_empty():
        return 0
    ended = end_companies(tx, wrong["external_id"].to_list(), sync_id=sync_id, now=now)
    record_figures(tx, companies=linked_companies(tx))
    add_counts(tx, sync_id, SyncCounts(gone=ended))
    return ended
