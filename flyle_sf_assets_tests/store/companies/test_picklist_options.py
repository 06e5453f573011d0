"""S11: the catalog follows describe and forgets nothing."""

from datetime import UTC, datetime, timedelta

import polars as pl

from flyle_sf_assets.store.companies.picklist_options import (
    OPTION_COLUMNS,
    OptionCounts,
    list_options,
    merge_options,
)
from flyle_sf_assets.store.postgres.database import Database

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2, DAY_3, DAY_4 = (DAY_1 + timedelta(days=days) for days in (1, 2, 3))

SCHEMA = dict(
    zip(
        OPTION_COLUMNS,
        (pl.String, pl.String, pl.String, pl.Int64, pl.Boolean, pl.Boolean),
        strict=True,
    )
)


def option(
    value: str,
    label: str | None = None,
    *,
    position: int = 1,
    active: bool = True,
    described: bool = True,
    field: str = "phase",
) -> tuple[object, ...]:
    """One row of the frame to merge."""
    return (field, value, label or value.title(), position, active, described)


def merge(
    database: Database,
    *options: tuple[object, ...],
    now: datetime = DAY_1,
    described_fields: list[str] | None = None,
) -> OptionCounts:
    """One merge of tenant acme."""
    frame = pl.DataFrame(list(options), schema=SCHEMA, orient="row")
    with database.tenant("acme") as tx:
        return merge_options(tx, frame, now, described_fields=described_fields)


def catalog(database: Database) -> dict[str, tuple[object, ...]]:
    """(label, position, active, first_seen_at, removed_at) by value."""
    with database.tenant("acme") as tx:
        return {
            o.value: (o.label, o.position, o.active, o.first_seen_at, o.removed_at)
            for o in list_options(tx)
        }


def test_options_are_added_relabelled_and_deactivated(database: Database) -> None:
    """Each keeps the day on which it was first seen."""
    assert merge(database, option("won"), option("lost")) == OptionCounts(2, 0, 0)
    counts = merge(
        database,
        option("won", "受注", position=3),
        option("lost", active=False),
        option("new"),
        now=DAY_2,
    )
    assert counts == OptionCounts(added=1, changed=2, removed=0)
    assert catalog(database) == {
        "won": ("受注", 3, True, DAY_1, None),
        "lost": ("Lost", 1, False, DAY_1, None),
        "new": ("New", 1, True, DAY_2, None),
    }


def test_nothing_changed_is_nothing_written(database: Database) -> None:
    """Options are refreshed every few hours."""
    merge(database, option("won"))
    assert merge(database, option("won"), now=DAY_2) == OptionCounts(0, 0, 0)


def test_an_option_gone_from_describe_stays_inactive_and_may_come_back(
    database: Database,
) -> None:
    """Companies still hold it."""
    merge(database, option("won"), option("lost"))
    assert merge(database, option("won"), now=DAY_2) == OptionCounts(0, 0, 1)
    assert catalog(database)["lost"] == ("Lost", 1, False, DAY_1, DAY_2)
    merge(database, option("won"), now=DAY_3)
    assert catalog(database)["lost"] == ("Lost", 1, False, DAY_1, DAY_2), "since it went"
    assert merge(database, option("won"), option("lost"), now=DAY_4) == OptionCounts(0, 1, 0)
    assert catalog(database)["lost"] == ("Lost", 1, True, DAY_1, None)


def test_an_option_that_was_inactive_before_it_went_has_its_day_too(database: Database) -> None:
    """Administrators first switch a value off and delete it later."""
    merge(database, option("won"), option("lost", active=False))
    assert merge(database, option("won"), now=DAY_2) == OptionCounts(0, 0, 1)
    assert catalog(database)["lost"] == ("Lost", 1, False, DAY_1, DAY_2)


def test_a_value_met_outside_the_list_is_kept_inactive(database: Database) -> None:
    """An unrestricted picklist holds whatever the API wrote; never described is not removed."""
    met = option("Custom", "Custom", described=False, active=True)
    merge(database, option("won"), met)
    merge(database, option("won"), now=DAY_2)
    assert catalog(database)["Custom"] == ("Custom", 1, False, DAY_1, None)
    merge(database, option("won"), option("Custom", "正式", position=2), now=DAY_3)
    assert catalog(database)["Custom"] == ("正式", 2, True, DAY_1, None)


def test_meeting_a_known_option_changes_nothing_about_it(database: Database) -> None:
    """Its label and activity come from describe; a record only shows that it is used."""
    merge(database, option("won", "受注", position=2), option("old"))
    merge(database, option("won", "受注", position=2), now=DAY_2)
    before = catalog(database)
    merge(
        database,
        option("won", "won", described=False, position=9),
        option("old", "old", described=False),
        now=DAY_3,
    )
    assert catalog(database) == before


def test_only_fields_that_were_described_lose_options(database: Database) -> None:
    """A failed read is not an empty read; an empty list must be named to count."""
    merge(database, option("won"), option("gold", field="plan"))
    merge(database, option("won"), now=DAY_2)
    assert catalog(database)["gold"][4] is None
    merge(database, now=DAY_3)
    assert catalog(database)["won"][4] is None
    assert merge(database, now=DAY_4, described_fields=["plan"]) == OptionCounts(0, 0, 1)
    assert catalog(database)["gold"][4] == DAY_4


def test_an_option_twice_in_one_merge_is_taken_as_described(database: Database) -> None:
    """Record types list one value several times, and records hold it, too."""
    counts = merge(
        database,
        option("won", "x", described=False),
        option("won", "受注", position=2),
        option("won", "受注", position=5),
    )
    assert counts == OptionCounts(1, 0, 0)
    assert catalog(database)["won"] == ("受注", 2, True, DAY_1, None)
