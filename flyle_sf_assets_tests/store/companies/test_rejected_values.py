"""X13: rejected values are kept until they are fixed."""

from datetime import UTC, datetime, timedelta

import polars as pl

from flyle_sf_assets.store.companies.counts import count_rejected
from flyle_sf_assets.store.companies.rejected_values import (
    REJECTED_COLUMNS,
    RejectedCounts,
    list_rejected,
    merge_rejected,
)
from flyle_sf_assets.store.postgres.database import Database

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2, DAY_3, DAY_4 = (DAY_1 + timedelta(days=days) for days in (1, 2, 3))

Rejection = tuple[str, str | None, str | None]


def merge(
    database: Database, *rejected: Rejection, now: datetime, scope: list[str] | None = None
) -> RejectedCounts:
    """One run's rejections (external id, field, value) of tenant acme."""
    frame = pl.DataFrame(
        [(*one, "not a number", "Fix it in Salesforce") for one in rejected],
        schema=dict.fromkeys(REJECTED_COLUMNS, pl.String),
        orient="row",
    )
    ids = None if scope is None else pl.Series(scope, dtype=pl.String)
    with database.tenant("acme") as tx:
        return merge_rejected(tx, frame, now, scope=ids)


def kept(database: Database) -> list[tuple[object, ...]]:
    """(external id, field, value, first seen, last seen, resolved), resolved ones too."""
    with database.tenant("acme") as tx:
        found = tx.execute(
            "SELECT external_id, field, value, first_seen_at, last_seen_at, resolved_at"
            " FROM rejected_records ORDER BY first_seen_at, external_id, field"
        )
        return [tuple(row) for row in found]


def test_a_value_that_keeps_failing_is_one_row(database: Database) -> None:
    """With the day of its first failure and the value that it has now."""
    merge(database, ("1", "amount", "abc"), now=DAY_1)
    assert merge(database, ("1", "amount", "abcd"), now=DAY_2) == RejectedCounts(1, 0)
    assert kept(database) == [("1", "amount", "abcd", DAY_1, DAY_2, None)]


def test_a_whole_row_and_its_fields_are_different_matters(database: Database) -> None:
    """`field` is null when the row itself is rejected; null must still be unique."""
    merge(database, ("1", None, ""), ("1", "amount", "x"), ("1", None, ""), now=DAY_1)
    merge(database, ("1", None, ""), now=DAY_2)
    assert kept(database) == [
        ("1", "amount", "x", DAY_1, DAY_1, DAY_2),
        ("1", None, "", DAY_1, DAY_2, None),
    ]


def test_what_a_run_judged_and_no_longer_rejects_is_resolved(database: Database) -> None:
    """A refresh judges only changed records: of the others it knows nothing."""
    merge(database, ("1", "amount", "x"), ("2", "amount", "x"), ("3", "amount", "x"), now=DAY_1)
    counts = merge(database, ("2", "amount", "y"), now=DAY_2, scope=["1", "2", "2"])
    assert counts == RejectedCounts(rejected=1, resolved=1)
    assert [(row[0], row[5]) for row in kept(database)] == [("1", DAY_2), ("2", None), ("3", None)]
    with database.tenant("acme") as tx:
        assert count_rejected(tx) == 2
        assert [r.external_id for r in list_rejected(tx, limit=10)] == ["2", "3"]


def test_a_run_that_judged_nothing_resolves_nothing(database: Database) -> None:
    """An idle run has an empty scope, which is not the same as none."""
    merge(database, ("1", "amount", "x"), now=DAY_1)
    assert merge(database, now=DAY_2, scope=[]) == RejectedCounts(0, 0)
    assert kept(database)[0][5] is None


def test_a_value_that_fails_again_counts_anew(database: Database) -> None:
    """`rejected for more than a day` is about this time, not about last year's."""
    merge(database, ("1", "amount", "x"), now=DAY_1)
    merge(database, now=DAY_2, scope=["1"])
    merge(database, ("1", "amount", "x"), now=DAY_4, scope=["1"])
    assert kept(database) == [("1", "amount", "x", DAY_4, DAY_4, None)]


def test_values_are_kept_as_they_were(database: Database) -> None:
    """What cannot be converted is just the text that looks odd."""
    odd = ["", '"', "\\N", "a\n\\.\nb", "🏢"]
    merge(database, *[(str(i), "f", text) for i, text in enumerate(odd)], now=DAY_3)
    merge(database, ("null", "f", None), now=DAY_3, scope=[])
    found = {row[0]: row[2] for row in kept(database)}
    assert found == {**{str(i): text for i, text in enumerate(odd)}, "null": None}
