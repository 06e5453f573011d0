"""X14: in the database itself one tenant's transaction has no way to another tenant's rows."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened

NOW = "2026-04-01T00:00:00Z"

ROWS: dict[str, dict[str, object]] = {
    "companies": {
        "external_id": "x",
        "name": "n",
        "source_object": "Account",
        "created_at": NOW,
        "updated_at": NOW,
        "status_changed_at": NOW,
    },
    "custom_fields": {"key": "k", "label": "l", "type": "text"},
    "custom_field_options": {
        "field_key": "k",
        "value": "v",
        "label": "l",
        "position": 1,
        "active": True,
        "first_seen_at": NOW,
        "described": True,
    },
    "links": {},
    "syncs": {"kind": "refresh", "started_at": NOW},
    "rejected_records": {
        "external_id": "x",
        "reason": "r",
        "remedy": "m",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
    },
    "company_changes": {"external_id": "x", "field": "f", "changed_at": NOW},
    "notifications": {"kind": "held", "title": "t", "body": "b", "created_at": NOW},
    "settings_versions": {
        "version": 1,
        "digest": "d",
        "document": "{}",
        "author": "a",
        "created_at": NOW,
    },
    "rolled_back": {
        "external_id": "1",
        "of_row": False,
        "field": "f",
        "sync_id": 1,
        "rollback_sync_id": 2,
        "rolled_back_at": NOW,
    },
    "held_changes": {
        "sync_id": 1,
        "kind": "refresh",
        "losses": "[]",
        "examples": "[]",
        "inputs": "i",
        "held_since": NOW,
        "counted_at": NOW,
    },
    "settings_drafts": {"document": "{}", "author": "a", "saved_at": NOW},
    "settings_changes": {
        "version": 1,
        "changes": "[]",
        "affected_assets": "[]",
        "affected_companies": 0,
        "read_again": "[]",
        "part_digests": "{}",
        "recorded_at": NOW,
    },
    "settings_files": {"digest": "d", "read_at": NOW},
    "settings_refusals": {
        "version": 1,
        "problems": "[]",
        "refused_at": NOW,
        "compared_at": NOW,
    },
    "api_calls": {"org_id": "o", "hour": NOW, "calls": 1},
    "org_usage": {"org_id": "o", "daily_max": 1, "reading": 0, "used": 0, "read_at": NOW},
    "sync_totals": {
        "kind": "refresh",
        "state": "done",
        "syncs": 1,
        "seconds": 1,
        "pulled": 1,
        "api_calls": 1,
        "seconds_buckets": [1],
        "pulled_buckets": [1],
        "calls_buckets": [1],
    },
    "webhook_outbox": {
        "kind": "held",
        "subject": "s",
        "payload": "{}",
        "created_at": NOW,
        "next_attempt_at": NOW,
    },
    "generations": {"dataset": "d", "generation": 1, "manifest": "{}", "committed_at": NOW},
    "consumed": {"asset": "a", "input": "i", "generation": 1, "digest": "d"},
    "object_schemas": {"object": "o", "digest": "d", "document": "{}", "checked_at": NOW},
    "console_knocks": {"address": "a", "since": NOW, "knocks": 1},
    "console_tokens": {"jti": "j", "expires_at": NOW},
    "console_sessions": {
        "cookie_digest": b"c",
        "subject": "s",
        "name": "n",
        "role": "admin",
        "plan": "enterprise",
        "created_at": NOW,
        "expires_at": NOW,
    },
    "sync_progress": {"sync_id": 1, "step": "s", "done": 0, "told_at": NOW},
    "connections": {
        "org_url": "u",
        "flow": "web_server",
        "org_name": "n",
        "user_id": "u",
        "username": "u",
        "connected_at": NOW,
        "connected_by": "b",
    },
    "credentials": {"kind": "k", "envelope": b"e", "created_at": NOW, "updated_at": NOW},
}
"""One row for every table; a table that is not here fails the first test below."""


def insert(table: str, tenant_id: str) -> tuple[str, dict[str, object]]:
    """The statement and values of a table's row for a tenant, for SQLAlchemy or psycopg."""
    row: dict[str, object] = {"tenant_id": tenant_id, **ROWS[table]}
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    return f"INSERT INTO flyle.{table} ({names}) VALUES ({places})", row  # noqa: S608


def change(
    database: Database, tenant_id: str, *statements: str, row: tuple[str, str] = ("", "")
) -> int:
    """Runs statements in one transaction of a tenant, after inserting the row (table, tenant).

    Returns how many rows the last one touched.
    """
    touched = 0
    with database.tenant(tenant_id) as tx, tx.cursor() as cursor:
        if any(row):
            statement, values = insert(*row)
            cursor.execute(statement.encode(), values)
        for statement in statements:
            touched = tx.execute(statement).rowcount
    return touched


@pytest.fixture(scope="module")
def two_tenants() -> Iterator[tuple[Database, psycopg.Connection[tuple[object, ...]]]]:
    """A store with one row of tenant B in every table, and the superuser's view of it."""
    with fresh_database_url() as url, admin(url) as connection, opened(url) as database:
        for table in ROWS:
            statement, row = insert(table, "b")
            connection.execute(statement.encode(), row)
        yield database, connection


Stores = tuple[Database, psycopg.Connection[tuple[object, ...]]]


def test_every_table_is_bound_to_a_tenant_and_tested_here(two_tenants: Stores) -> None:
    """A new table without row-level security would be readable across tenants."""
    _, connection = two_tenants
    tables = connection.execute(
        "SELECT c.relname, c.relrowsecurity, EXISTS (SELECT FROM pg_attribute a"
        " WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull)"
        " FROM pg_class c WHERE c.relnamespace = 'flyle'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition"
    ).fetchall()
    bound = {str(name) for name, protected, has_tenant in tables if protected and has_tenant}
    assert {str(name) for name, *_ in tables} - bound == {"alembic_version"}
    assert bound == set(ROWS)


def test_a_partition_is_read_through_its_table_only(two_tenants: Stores) -> None:
    """The policies of a table do not bind who names its partition."""
    database, connection = two_tenants
    partitions = connection.execute(
        "SELECT relname, relrowsecurity FROM pg_class"
        " WHERE relnamespace = 'flyle'::regnamespace AND relispartition AND relkind = 'r'"
    ).fetchall()
    assert len(partitions) >= 4
    for name, is_protected in partitions:
        assert is_protected, name
        for transaction in (lambda: database.tenant("b"), database.fleet):
            with pytest.raises(StoreError), transaction() as tx:
                tx.execute(f"SELECT FROM {name}")


@pytest.mark.parametrize("table", ROWS)
def test_another_tenants_rows_are_not_seen(two_tenants: Stores, table: str) -> None:
    """Not by a query without a condition, which is the one that people forget."""
    database, connection = two_tenants
    count = sql.SQL("SELECT count(*) FROM flyle.{}").format(sql.Identifier(table))
    with database.tenant("a") as tx:
        assert tx.execute(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608
    with database.tenant("b") as tx:
        assert tx.execute(f"SELECT count(*) FROM {table}").scalar() == 1  # noqa: S608
    assert connection.execute(count).fetchone() == (1,)


@pytest.mark.parametrize("table", ROWS)
def test_another_tenants_rows_are_not_changed(two_tenants: Stores, table: str) -> None:
    """Neither updated, nor deleted, nor added, nor given away."""
    database, connection = two_tenants
    everything = sql.SQL("SELECT t::text FROM flyle.{} t").format(sql.Identifier(table))
    before = connection.execute(everything).fetchall()
    for statement in (
        f"UPDATE {table} SET tenant_id = 'a'",  # noqa: S608
        f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = 'b'",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"DELETE FROM {table} WHERE tenant_id = 'b'",  # noqa: S608
    ):
        with contextlib.suppress(StoreError):  # no right at all will do, too
            assert change(database, "a", statement) == 0
    with pytest.raises(StoreError):
        change(database, "a", row=(table, "b"))
    with pytest.raises(StoreError):
        change(database, "a", f"UPDATE {table} SET tenant_id = 'b'", row=(table, "a"))  # noqa: S608
    assert connection.execute(everything).fetchall() == before


@pytest.mark.parametrize("table", sorted(set(ROWS) - {"credentials"}))
def test_the_fleet_reads_every_tenant(two_tenants: Stores, table: str) -> None:
    """Schedules and standing checks look at all tenants at once."""
    database, _ = two_tenants
    with database.fleet() as tx:
        assert tx.execute(f"SELECT tenant_id FROM {table}").scalars().all() == ["b"]  # noqa: S608


def test_the_fleet_reads_no_credentials(two_tenants: Stores) -> None:
    """Who has some, yes; not what they are, encrypted or not."""
    database, _ = two_tenants
    with database.fleet() as tx:
        assert tx.execute("SELECT tenant_id || kind FROM credentials").scalars().all() == ["bk"]
    with pytest.raises(StoreError), database.fleet() as tx:
        tx.execute("SELECT envelope FROM credentials")


def test_the_roles_cannot_step_around_row_security(two_tenants: Stores) -> None:
    """Neither by a right of their own nor by owning a table nor by switching it off."""
    database, connection = two_tenants
    powers = connection.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles"
        " WHERE rolname IN ('flyle_app', 'flyle_fleet') ORDER BY 1"
    ).fetchall()
    assert powers == [
        ("flyle_app", False, False, False, False),
        ("flyle_fleet", False, False, False, False),
    ]
    owners = connection.execute(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class"
        " WHERE relnamespace = 'flyle'::regnamespace"
    ).fetchall()
    assert owners == [("flyle",)]
    with pytest.raises(StoreError):
        change(database, "a", "SET LOCAL row_security = off", "SELECT count(*) FROM companies")
    with pytest.raises(StoreError):
        change(database, "a", "ALTER TABLE flyle.companies DISABLE ROW LEVEL SECURITY")


def test_what_is_never_deleted_or_rewritten_cannot_be(two_tenants: Stores) -> None:
    """Companies and options are never deleted; history and settings versions never change."""
    database, _ = two_tenants
    for statement in (
        "DELETE FROM companies",
        "DELETE FROM custom_field_options",
        "DELETE FROM company_changes",
        "UPDATE company_changes SET new = NULL",
        "UPDATE settings_versions SET digest = ''",
    ):
        with pytest.raises(StoreError) as refused:
            change(database, "b", statement)
        assert refused.value.code == "store_not_permitted"


def test_a_session_without_a_tenant_sees_nothing(two_tenants: Stores) -> None:
    """A forgotten tenant must mean nobody's rows, not everybody's."""
    _, connection = two_tenants
    with connection.transaction():
        connection.execute("SET LOCAL ROLE flyle_app")
        assert connection.execute("SELECT count(*) FROM flyle.companies").fetchone() == (0,)
