"""One row per sync, anyone who of its assets asks for it."""

from datetime import UTC, datetime, timedelta

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.syncs.census import (
    Census,
    CensusFigures,
    census_of_sync,
    latest_censuses,
    put_census,
)
from flyle_sf_assets.store.syncs.syncs import (
    SyncCounts,
    add_counts,
    close_abandoned,
    finish_sync,
    latest_syncs,
    open_sync,
)
from flyle_sf_assets.store.tenants.notices import add_notice, list_notices, mark_read

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2, DAY_3 = DAY_1 + timedelta(days=1), DAY_1 + timedelta(days=2)


def test_every_asset_of_a_run_gets_the_same_sync(database: Database) -> None:
    """Seven assets of one run are one refresh."""
    with database.tenant("acme") as tx:
        first = open_sync(tx, "initial", "run-1", DAY_1)
        again = open_sync(tx, "initial", "run-1", DAY_2)
        other = open_sync(tx, "refresh", "run-2", DAY_2)
    assert again == first
    assert (first.state, first.started_at) == ("running", DAY_1)
    assert other.sync_id != first.sync_id


def test_two_tenants_may_share_a_run_id(database: Database) -> None:
    """A person may launch one run by hand for several partitions."""
    made = []
    for tenant in ("a", "b"):
        with database.tenant(tenant) as tx:
            made.append(open_sync(tx, "refresh", "run-1", DAY_1))
    assert made[0].sync_id != made[1].sync_id


def test_syncs_without_a_run_are_each_their_own(database: Database) -> None:
    """A census from the command line has no Dagster run."""
    with database.tenant("acme") as tx:
        assert (
            open_sync(tx, "census", None, DAY_1).sync_id
            != open_sync(tx, "census", None, DAY_1).sync_id
        )


def test_figures_add_up_over_the_assets(database: Database) -> None:
    """Each asset tells what it did, in its own commit."""
    with database.tenant("acme") as tx:
        sync = open_sync(tx, "refresh", "run-1", DAY_1)
        add_counts(tx, sync.sync_id, SyncCounts(pulled=10, api_calls=2))
        add_counts(tx, sync.sync_id, SyncCounts(pulled=5, created=3, changed=2, gone=1, rejected=4))
        done = finish_sync(tx, sync.sync_id, "done", DAY_2)
    figures = (done.pulled, done.created, done.changed, done.gone, done.rejected, done.api_calls)
    assert figures == (15, 3, 2, 1, 4, 2)
    assert (done.state, done.finished_at, done.error) == ("done", DAY_2, None)


def test_a_run_that_is_tried_again_takes_its_sync_up_again(database: Database) -> None:
    """What it counted stays; how it failed does not."""
    with database.tenant("acme") as tx:
        sync = open_sync(tx, "refresh", "run-1", DAY_1)
        add_counts(tx, sync.sync_id, SyncCounts(api_calls=2))
        finish_sync(tx, sync.sync_id, "failed", DAY_2, "org down")
        again = open_sync(tx, "refresh", "run-1", DAY_3)
    assert (again.sync_id, again.state, again.finished_at) == (sync.sync_id, "running", None)
    assert (again.error, again.api_calls) == (None, 2)


def test_syncs_of_dead_processes_are_closed_by_the_next(database: Database) -> None:
    """A killed run cannot say how it ended; only the tenant's own others are closed."""
    with database.tenant("other") as tx:
        foreign = open_sync(tx, "refresh", "run-9", DAY_1)
    with database.tenant("acme") as tx:
        dead = open_sync(tx, "refresh", "run-1", DAY_1)
        mine = open_sync(tx, "refresh", "run-2", DAY_2)
        assert close_abandoned(tx, DAY_2, keep=mine.sync_id) == 1
        [_, closed] = latest_syncs(tx)
        assert closed.sync_id == dead.sync_id
        assert (closed.state, closed.finished_at) == ("failed", DAY_2)
        assert "abandoned" in (closed.error or "")
        assert [sync.state for sync in latest_syncs(tx)] == ["running", "failed"]
    with database.tenant("other") as tx:
        assert latest_syncs(tx) == (foreign,)


def test_notices_are_read_once(database: Database) -> None:
    """「連携が完了しました」 is told until somebody has seen it."""
    with database.tenant("acme") as tx:
        done, held = Text("連携が完了しました", "The link is complete"), Text("保留中", "Held")
        first = add_notice(tx, "first_sync_done", done, Text("3社", "3 companies"), DAY_1)
        add_notice(tx, "held", held, Text("20 %", "20 %"), DAY_2)
        mark_read(tx, first, DAY_2)
        mark_read(tx, first, DAY_3)
        assert [(n.kind, n.read_at) for n in list_notices(tx)] == [
            ("held", None),
            ("first_sync_done", DAY_2),
        ]
        assert [n.title for n in list_notices(tx, unread_only=True)] == [held]


def test_the_figures_of_a_census_stand_with_its_sync(database: Database) -> None:
    """The last census of each tenant is found whatever was synced since."""
    first = CensusFigures(10, 9, 1, 1, 8, 0)
    last = CensusFigures(11, 11, 0, 0, 9, 0)
    made = {}
    for tenant, figures in (("acme", first), ("acme", last), ("globex", first)):
        with database.tenant(tenant) as tx:
            made[tenant] = open_sync(tx, "census", None, DAY_1).sync_id
            put_census(tx, made[tenant], figures)
            refreshed = open_sync(tx, "refresh", None, DAY_2).sync_id
            assert census_of_sync(tx, made[tenant]) == figures
            assert census_of_sync(tx, refreshed) is None
    with database.fleet() as fleet:
        assert latest_censuses(fleet) == (
            Census("acme", made["acme"], DAY_1, last),
            Census("globex", made["globex"], DAY_1, first),
        )
    with database.tenant("acme") as tx:
        assert [one.tenant_id for one in latest_censuses(tx)] == ["acme"]
        assert census_of_sync(tx, made["globex"]) is None
