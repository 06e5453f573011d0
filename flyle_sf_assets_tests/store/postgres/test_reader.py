"""The role for psql reads everything that people may read, and can change nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.postgres.reader import READER_ROLE, reader_access
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.store.companies.company_rows import rows, write

SECRETS = ("credentials", "console_sessions")
"""Tables with a column that is no one's to read: envelopes, and what sessions are known by."""

NOT_POSSIBLE = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)

CHANGES = (
    "INSERT INTO flyle.custom_fields SELECT * FROM flyle.custom_fields",
    "UPDATE flyle.companies SET name = 'x'",
    "DELETE FROM flyle.company_changes",
    "TRUNCATE flyle.syncs",
    "DROP TABLE flyle.links",
    "ALTER TABLE flyle.companies DISABLE ROW LEVEL SECURITY",
    "CREATE TABLE flyle.mine (a int)",
    "SET ROLE flyle_app",
    "SET ROLE flyle",
    "SELECT flyle.protect_tenant_table('flyle.links', 'SELECT', '')",
)


Reader = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def reader(database: Database, database_url: str, tmp_path: Path) -> Iterator[Reader]:
    """A connection by the URL, as psql opens it, of an installation with one company."""
    write(database, rows({"id": "1", "name": "Acme", "fields": {"plan": "Gold"}}))
    access = reader_access(database_url, tmp_path, has_password=False)
    with psycopg.connect(access.url, autocommit=True) as connection:
        yield connection


def test_it_reads_the_contract_s_tables_of_all_tenants(
    reader: Reader,
) -> None:
    found = reader.execute("SELECT tenant_id, name FROM companies").fetchall()
    assert found == [("acme", "Acme")]
    for table in ("custom_fields", "links", "syncs", "rejected_records", "company_changes"):
        reader.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


@pytest.mark.parametrize("statement", CHANGES)
def test_it_changes_nothing_whatever_it_sets(reader: Reader, statement: str) -> None:
    """A connection of the owner that only begins read-only can be set to write again."""
    with pytest.raises(NOT_POSSIBLE):
        reader.execute(statement.encode())
    reader.execute("SET default_transaction_read_only = off")
    reader.execute("RESET ROLE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement.encode())


@pytest.mark.parametrize("table", SECRETS)
def test_it_reads_no_secret(reader: Reader, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(sql.SQL("SELECT * FROM flyle.{}").format(sql.Identifier(table)))


def test_the_password_is_in_a_file_of_its_owner_and_nowhere_else(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """A URL with the password would stand in the arguments of psql, for all to see."""
    with admin(database_url) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {READER_ROLE}")
    access = reader_access(database_url, tmp_path, has_password=True)
    assert access.password_file is not None
    assert access.password_file.stat().st_mode & 0o777 == 0o600
    *_, role, password = access.password_file.read_text().strip().split(":")
    assert (role, len(password) > 40) == (READER_ROLE, True)
    assert password not in access.url
    url = sa.make_url(access.url)
    assert (url.password, url.query["passfile"]) == (None, str(access.password_file))
    with admin(database_url) as connection:
        stored = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [READER_ROLE]
        ).fetchone()
    assert str(stored).startswith("('SCRAM-SHA-256$")
    again = reader_access(database_url, tmp_path, has_password=True)
    assert again == access
    elsewhere = reader_access(database_url, tmp_path / "other", has_password=True)
    assert elsewhere.password_file is None, "another installation does not know it"


def test_a_role_of_that_name_with_more_rights_is_refused(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    reader_access(database_url, tmp_path, has_password=False)
    for grant, revoke in (
        ("GRANT flyle_app TO {}", "REVOKE flyle_app FROM {}"),
        ("ALTER ROLE {} BYPASSRLS", "ALTER ROLE {} NOBYPASSRLS"),
    ):
        with admin(database_url) as connection:
            connection.execute(grant.format(READER_ROLE).encode())
        with pytest.raises(StoreError, match="role_too_powerful"):
            reader_access(database_url, tmp_path, has_password=False)
        with admin(database_url) as connection:
            connection.execute(revoke.format(READER_ROLE).encode())
    reader_access(database_url, tmp_path, has_password=False)
