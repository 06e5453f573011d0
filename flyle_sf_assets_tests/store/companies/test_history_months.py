"""The history by month: a place for every change, months made ahead, old months dropped."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from flyle_sf_assets.store.companies.history_months import add_months, drop_months
from flyle_sf_assets.store.migrations import upgrade_to
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened
from flyle_sf_assets_tests.store.companies.company_rows import DAY_1, DAY_2, history, rows, write

MONTHS = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1"
OF_ROWS = (
    "SELECT tableoid::regclass::text, field, new, sync_id FROM flyle.company_changes"
    " ORDER BY change_id"
)


def months(url: str) -> list[str]:
    """The partitions with a month."""
    with admin(url) as connection:
        names = [
            str(name).removeprefix("company_changes_") for (name,) in connection.execute(MONTHS)
        ]
    return [name for name in names if name != "rest"]


def places(url: str) -> list[tuple[object, ...]]:
    with admin(url) as connection:
        return connection.execute(OF_ROWS).fetchall()


def change(database: Database, value: int, at: datetime, sync_id: int = 1) -> None:
    write(database, rows({"id": "1", "fields": {"size": value}, "hash": value}), at, sync_id)


def test_a_change_has_a_place_before_and_after_its_month_is_made(
    database: Database, database_url: str
) -> None:
    """Nobody made April: its change waits in the rest, and moves."""
    change(database, 1, DAY_1)
    change(database, 2, DAY_2, sync_id=2)
    assert places(database_url) == [("flyle.company_changes_rest", "size", 2, 2)]
    before = history(database_url)
    assert add_months(database, DAY_2) == 3
    assert add_months(database, DAY_2) == 0
    assert places(database_url) == [("flyle.company_changes_2026_04", "size", 2, 2)]
    assert {"2026_04", "2026_05", "2026_06"} <= set(months(database_url))
    change(database, 3, DAY_2, sync_id=3)
    assert history(database_url)[:1] == before
    assert [place for place, *_ in places(database_url)] == ["flyle.company_changes_2026_04"] * 2


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC), "2026_03"),
        (datetime(2026, 4, 1, tzinfo=UTC), "2026_04"),
        (datetime(2024, 2, 29, 23, 30, tzinfo=UTC), "2024_02"),
    ],
)
def test_months_are_those_of_utc(
    database: Database, database_url: str, moment: datetime, month: str
) -> None:
    """The server's own time zone is another one."""
    with admin(database_url) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Tokyo'".encode())
    change(database, 1, DAY_1)
    add_months(database, moment)
    change(database, 2, moment)
    assert [place for place, *_ in places(database_url)] == [f"flyle.company_changes_{month}"]


def test_a_month_is_dropped_when_all_of_it_is_too_old(
    database: Database, database_url: str
) -> None:
    """The month in which the limit lies stays whole; what is in no month goes by its time."""
    change(database, 1, DAY_1)
    add_months(database, datetime(2025, 1, 15, tzinfo=UTC))
    for number, moment in enumerate(
        (
            datetime(2023, 5, 1, tzinfo=UTC),
            datetime(2025, 1, 31, tzinfo=UTC),
            datetime(2025, 2, 1, tzinfo=UTC),
            datetime(2025, 3, 2, tzinfo=UTC),
            DAY_2,
        )
    ):
        change(database, 10 + number, moment, sync_id=number)
    limit = datetime(2025, 2, 28, tzinfo=UTC)
    assert drop_months(database, limit) == ("company_changes_2025_01",)
    assert [new for _, _, new, _ in places(database_url)] == [12, 13, 14]
    assert drop_months(database, limit) == ()
    assert drop_months(database, limit + timedelta(days=1)) == ("company_changes_2025_02",)
    assert [new for _, _, new, _ in places(database_url)] == [13, 14]


def test_a_reader_delays_upkeep_and_upkeep_no_writer(database: Database, database_url: str) -> None:
    """A month of its own locks nothing but the rest, which is empty."""
    with admin(database_url) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM flyle.company_changes_2026_12")
        assert add_months(database, datetime(2027, 5, 1, tzinfo=UTC)) == 3
        change(database, 1, DAY_1)
        change(database, 2, DAY_2)
    assert len(places(database_url)) == 1


def test_the_upgrade_moves_every_row(database_url: str) -> None:
    """Ids, order and values stay; the next id is a new one."""
    with fresh_database_url("template1") as url:
        with opened(url) as database, database._engine.begin() as connection:  # noqa: SLF001
            upgrade_to(connection, "0018")
        with admin(url) as connection:
            connection.execute(
                "INSERT INTO flyle.company_changes (tenant_id, external_id, field, old, new,"
                " sync_id, changed_at, of_row, reason) SELECT 'acme', 'c' || n % 7, 'f', NULL,"
                " to_jsonb(n), n, timestamptz '2026-01-15 00:00:00Z' + n * interval '20 days',"
                " n % 2 = 0, 'r' FROM generate_series(1, 30) AS n"
            )
            every = "SELECT to_jsonb(c) FROM flyle.company_changes c ORDER BY change_id"
            before = connection.execute(every).fetchall()
        with opened(url) as database:
            database.upgrade()
            change(database, 1, DAY_1)
            change(database, 2, DAY_2)
        with admin(url) as connection:
            *moved, (new,) = connection.execute(every).fetchall()
            assert moved == before
            assert new["change_id"] == 31  # type: ignore[index]
            rest = connection.execute("SELECT count(*) FROM flyle.company_changes_rest").fetchone()
            assert rest == (0,)


def test_nobody_but_the_owner_drops_history(database: Database) -> None:
    for role in ("flyle_app", "flyle_fleet"):
        with admin_of(database) as connection:
            connection.execute(f"SET ROLE {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT flyle.drop_history_month(now())")


def admin_of(database: Database) -> AbstractContextManager[psycopg.Connection[Any]]:
    """A superuser's connection to it."""
    return admin(database._url.render_as_string(hide_password=False))  # noqa: SLF001
