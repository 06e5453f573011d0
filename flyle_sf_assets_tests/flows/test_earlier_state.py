"""What an earlier version was made to keep heals by itself: rows, times and companies of no org.

The state is written as that version would have: files without a checksum in a manifest that
nobody judged. Its rows came from a hostile org, and later refreshes crashed with an honest one.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from flyle_sf_assets.lake.manifest import Manifest, RecordFile
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.flows.damaging import rereads
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link

Poison = Callable[[pl.DataFrame], pl.DataFrame]
AHEAD = datetime(2027, 12, 31, tzinfo=UTC)
DATASETS = ("accounts", "related/User", "enriched/Account")
WRONG_IDS = {
    "none": None,
    "empty": "",
    "5": "5",
    "path": "/tmp/outside",  # noqa: S108 - text of a hostile org
    "long": "0" * 5_000,
    "checksum": "0015g00000XyZabAAG",
}

pytestmark = pytest.mark.usefixtures("usual_clock_bound")


def _with_id(value: str | None) -> Poison:
    """The first row has another Id; its record is lost with it."""

    def poison(rows: pl.DataFrame) -> pl.DataFrame:
        first = pl.int_range(pl.len()) == 0
        return rows.with_columns(pl.when(first).then(pl.lit(value)).otherwise("Id").alias("Id"))

    return poison


def _twice(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1)])


def _stamped_ahead(rows: pl.DataFrame) -> pl.DataFrame:
    of_type = rows.schema["SystemModstamp"]
    return rows.with_columns(pl.lit(AHEAD).cast(of_type).alias("SystemModstamp"))


POISONS: dict[str, Poison] = {
    **{f"id {name}": _with_id(value) for name, value in WRONG_IDS.items()},
    "same id twice": _twice,
    "stamped ahead": _stamped_ahead,
}


@pytest.fixture
def tenant(link: Link) -> Tenant:
    document = runs.document("acme", "Account", calculated=False)
    made = link("acme", runs.small_org(2000), json.dumps(document, ensure_ascii=False))
    made.sync()
    made.assert_follows_org()
    return made


def _manifest(tenant: Tenant, dataset: str) -> Manifest:
    found = dict(
        tenant.query("SELECT dataset, manifest::text FROM flyle.generations WHERE tenant_id = %s")
    )
    return Manifest.decode(found[dataset])


def keep_as_before(tenant: Tenant, dataset: str, poison: Poison | None = None) -> None:
    """The dataset as an earlier version kept it: no checksum, no judgement, perhaps poisoned."""
    manifest = _manifest(tenant, dataset)
    rows = tenant.installation.lake.read(manifest).collect()
    rows = rows if poison is None else poison(rows)
    file = tenant.installation.lake.write(tenant.name, dataset, manifest.generation, rows)
    old = RecordFile(file.path, file.rows, file.generation)
    kept = json.loads(replace(manifest, base=old, segments=(), added=0).encode())
    del kept["is_judged"]
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.generations SET manifest = %s::jsonb"
            " WHERE tenant_id = %s AND dataset = %s",
            [json.dumps(kept), tenant.name, dataset],
        )


def heal(tenant: Tenant) -> None:
    for kind in ("refresh", "census"):
        tenant.later(7 * 3600)
        tenant.sync(kind=kind)


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_impossible_rows_of_an_earlier_version_heal(
    tenant: Tenant, dataset: str, poison: str
) -> None:
    """The refresh reads the dataset again, says so, and the store is what the org is."""
    keep_as_before(tenant, dataset, POISONS[poison])
    tenant.there.update("Account", tenant.there.ids("Account")[1], {"Name": "改名"})
    heal(tenant)
    tenant.assert_follows_org()
    assert rereads(tenant) == [dataset]


def test_a_tick_sees_that_there_is_something_to_judge(tenant: Tenant) -> None:
    """Else a tenant in whose org nothing happens would never be judged."""
    keep_as_before(tenant, "accounts")
    tenant.later()
    assert not check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle


def test_what_an_earlier_version_kept_well_is_judged_once_and_kept(tenant: Tenant) -> None:
    for dataset in DATASETS:
        keep_as_before(tenant, dataset)
    files = {dataset: _manifest(tenant, dataset).base for dataset in DATASETS}
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()
    assert rereads(tenant) == []
    assert {dataset: _manifest(tenant, dataset).base for dataset in DATASETS} == files
    assert all(_manifest(tenant, dataset).is_judged for dataset in DATASETS)


def test_a_company_of_an_impossible_id_is_missing(tenant: Tenant) -> None:
    """It stood as linked for good: no record can end it."""
    keep_as_before(tenant, "accounts", _with_id("5"))
    keep_as_before(tenant, "enriched/Account", _with_id("5"))
    real = next(iter(tenant.companies()))
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.companies SET external_id = '5' WHERE tenant_id = %s"
            " AND external_id = %s",
            [tenant.name, real],
        )
    heal(tenant)
    false = tenant.companies().pop("5")
    assert (false.status, false.status_reason) == ("missing", "not_found")
    expected = tenant.oracle.companies(tenant.last)
    assert {k: v for k, v in tenant.companies().items() if k != "5"} == expected
    changes = tenant.query(
        "SELECT field, old::text, new::text FROM flyle.company_changes"
        " WHERE tenant_id = %s AND external_id = '5' ORDER BY field"
    )
    assert ("status", '"linked"', '"missing"') in changes


def test_a_watermark_ahead_of_the_clock_comes_back(tenant: Tenant) -> None:
    """A ``Date`` of 31 Dec 2027 was believed: nothing new was seen for a year."""
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.generations SET watermark = %s"
            " WHERE tenant_id = %s AND watermark IS NOT NULL",
            [AHEAD, tenant.name],
        )
    tenant.there.update("Account", tenant.there.ids("Account")[0], {"Name": "改名"})
    tenant.later()
    assert not check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle
    tenant.sync()
    tenant.assert_follows_org()
    marks = tenant.query("SELECT watermark FROM flyle.generations WHERE tenant_id = %s")
    latest = tenant.clock.now() + timedelta(hours=2)
    assert all(mark < latest for (mark,) in marks if mark is not None)
    assert "accounts" in rereads(tenant)
