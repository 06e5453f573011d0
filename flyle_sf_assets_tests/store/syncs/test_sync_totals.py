"""What ended syncs add up to, over all tenants: the figures of Prometheus' histograms."""

from datetime import UTC, datetime, timedelta

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.syncs.sync_totals import Histogram, SyncTotals, ended_syncs, sync_totals
from flyle_sf_assets.store.syncs.syncs import (
    SyncCounts,
    SyncKind,
    SyncState,
    add_counts,
    cancel_running,
    close_abandoned,
    finish_sync,
    open_sync,
)

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)


def end(
    database: Database,
    tenant: str,
    seconds: float,
    *,
    kind: SyncKind = "refresh",
    state: SyncState = "done",
    counts: SyncCounts | None = None,
    at: datetime = DAY_1,
) -> None:
    """One sync that took that long and ended at ``at``."""
    with database.tenant(tenant) as tx:
        sync = open_sync(tx, kind, None, at - timedelta(seconds=seconds))
        add_counts(tx, sync.sync_id, counts or SyncCounts())
        finish_sync(tx, sync.sync_id, state, at)


def totals(database: Database) -> dict[tuple[str, str], SyncTotals]:
    with database.fleet() as tx:
        return {(one.kind, one.state): one for one in sync_totals(tx)}


def filled(histogram: Histogram) -> dict[float | None, int]:
    """The buckets that are not empty, by their upper bound; None is above all bounds."""
    bounds: tuple[float | None, ...] = (*histogram.bounds, None)
    counts = zip(bounds, histogram.counts, strict=True)
    return {bound: count for bound, count in counts if count}


def test_nothing_ended_adds_up_to_nothing(database: Database) -> None:
    """A running sync has no duration yet."""
    with database.tenant("acme") as tx:
        open_sync(tx, "refresh", None, DAY_1)
    assert totals(database) == {}


def test_syncs_of_all_tenants_add_up_by_kind_and_result(database: Database) -> None:
    """Upper bounds are included, as Prometheus' ``le``: 5 s are not more than 5 s."""
    end(database, "acme", 5, counts=SyncCounts(pulled=100, api_calls=2))
    end(database, "acme", 5.001, counts=SyncCounts(pulled=101, api_calls=3))
    end(database, "globex", 90_000, counts=SyncCounts(pulled=5_000_000, api_calls=4_000))
    end(database, "globex", 0.5, state="failed")
    end(database, "globex", 40, kind="initial")
    found = totals(database)
    assert found.keys() == {("refresh", "done"), ("refresh", "failed"), ("initial", "done")}
    done = found["refresh", "done"]
    assert done.syncs == 3
    assert filled(done.seconds) == {5: 1, 10: 1, None: 1}
    assert done.seconds.total == 90_010.001
    assert filled(done.pulled) == {100: 1, 1_000: 1, None: 1}
    assert done.pulled.total == 5_000_201
    assert filled(done.api_calls) == {2: 1, 5: 1, None: 1}
    assert found["refresh", "failed"].pulled.counts[0] == 1


def test_syncs_that_are_closed_for_others_count_too(database: Database) -> None:
    """By the next refresh of a killed one, which is a result of its own, and by a disconnect."""
    with database.tenant("acme") as tx:
        for _ in range(3):
            open_sync(tx, "refresh", None, DAY_1)
        last = open_sync(tx, "refresh", None, DAY_1)
        assert close_abandoned(tx, DAY_1 + timedelta(hours=1), keep=last.sync_id) == 3
        assert cancel_running(tx, DAY_1 + timedelta(seconds=20)) == 1
        assert cancel_running(tx, DAY_1 + timedelta(seconds=20)) == 0
    found = totals(database)
    assert {key: one.syncs for key, one in found.items()} == {
        ("refresh", "abandoned"): 3,
        ("refresh", "cancelled"): 1,
    }
    assert found["refresh", "abandoned"].seconds.total == 3 * 3_600


def test_a_clock_that_went_back_makes_no_negative_duration(database: Database) -> None:
    """A sum that shrinks looks like a restart to Prometheus."""
    end(database, "acme", -5)
    assert totals(database)["refresh", "done"].seconds.total == 0


def test_the_syncs_of_a_day_have_their_seconds(database: Database) -> None:
    """Percentiles are values that occurred; what ended before does not count."""
    end(database, "acme", 3_600, at=DAY_1 - timedelta(days=2))
    for seconds in range(1, 21):
        end(database, "acme" if seconds % 2 else "globex", seconds)
    end(database, "acme", 7, state="held")
    with database.fleet() as tx:
        done, held = ended_syncs(tx, DAY_1 - timedelta(days=1))
    assert (done.state, done.syncs) == ("done", 20)
    assert (done.p50_s, done.p95_s, done.max_s, done.total_s) == (10, 19, 20, 210)
    assert (held.state, held.syncs, held.max_s) == ("held", 1, 7)
