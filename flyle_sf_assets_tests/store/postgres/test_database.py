"""Connections, upgrades and locks, on a real server and with real processes."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa
from psycopg import sql

from flyle_sf_assets.errors import StoreError, StoreUnavailable
from flyle_sf_assets.store.companies.search import search_companies
from flyle_sf_assets.store.migrations import SCHEMA_VERSION, upgrade_to
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened
from flyle_sf_assets_tests.processes import line_of, python, tell

UPGRADE = """
import sys
from flyle_sf_assets.store.postgres.database import Database
sys.stdin.readline()
Database(sys.argv[1]).upgrade()
print("upgraded", flush=True)
"""

HOLD_LOCK = """
import sys
from flyle_sf_assets.store.postgres.database import Database
database = Database(sys.argv[1])
with database.tenant_lock("acme") as held:
    print(held, flush=True)
    sys.stdin.readline()
"""


def test_two_processes_may_upgrade_at_once() -> None:
    """Dagster's daemon, its web server and the command line start together."""
    with (
        fresh_database_url("template1") as url,
        opened(url) as database,
        python(UPGRADE, url) as one,
        python(UPGRADE, url) as two,
    ):
        assert not database.is_current()
        tell(one)
        tell(two)
        assert (line_of(one), line_of(two)) == ("upgraded", "upgraded")
        assert database.is_current()


def test_the_version_known_without_alembic_is_alembics_own() -> None:
    """A forgotten SCHEMA_VERSION would leave every database one revision behind."""
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "flyle_sf_assets/store/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_an_installation_with_companies_gets_the_newest_schema() -> None:
    """The index by name is made from the rows that are there; none is lost on the way."""
    with fresh_database_url("template1") as url, opened(url) as database:
        before = sa.create_engine(url, poolclass=sa.NullPool)
        with before.begin() as connection:
            upgrade_to(connection, "0006")
        with database.tenant("acme") as tx:
            tx.execute(
                "INSERT INTO companies (tenant_id, external_id, name, source_object, created_at,"
                " updated_at, status_changed_at) SELECT 'acme', 'id-' || n, 'Company ' || n,"
                " 'Account', now(), now(), now() FROM generate_series(100, 179) AS n"
            )
        assert not database.is_current()
        database.upgrade()
        assert database.is_current()
        with database.tenant("acme") as tx:
            page = search_companies(tx)
            rest = search_companies(tx, after=page.next or ("", ""))
        names = [one.name for one in page.companies + rest.companies]
        assert names == [f"Company {n}" for n in range(100, 180)]
        with admin(url) as connection:
            (shape,) = connection.execute(
                "SELECT indexdef FROM pg_indexes WHERE indexname = 'companies_by_name'"
            ).fetchone() or ("none",)
    assert str(shape).endswith("(tenant_id, status, name, external_id) WHERE (name > ''::text)")


@pytest.fixture
def plain_url() -> Iterator[str]:
    """A database owned by a user who may do nothing else on the server."""
    with fresh_database_url("template1") as url, admin(url) as connection:
        database = sql.Identifier(str(sa.make_url(url).database))
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO plain").format(database))
        yield url.replace("flyle@", "plain@")
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO flyle").format(database))
        connection.execute("REASSIGN OWNED BY plain TO flyle")
        connection.execute("DROP OWNED BY plain")
        connection.execute("DROP ROLE plain")


def test_a_user_who_may_not_create_roles_is_told_the_remedy(plain_url: str) -> None:
    """A hosted PostgreSQL often gives a user who owns one database and may do nothing else."""
    with opened(plain_url) as database:
        with pytest.raises(StoreError) as refused:
            database.upgrade()
        assert refused.value.code == "roles_not_permitted"
        commands = refused.value.remedy.en.split(": ")[1].split("; ")
        assert commands[0] == "CREATE ROLE flyle_app NOLOGIN NOBYPASSRLS"
        with admin(plain_url.replace("plain@", "flyle@")) as connection:
            connection.execute(commands[-1].encode())  # this server has the roles already
        database.upgrade()
        with database.tenant("acme") as tx:
            assert tx.execute("SELECT current_user").scalar() == "flyle_app"


def test_a_store_that_was_never_upgraded_says_so() -> None:
    """The first command on a new database should not end in a traceback."""
    with (
        fresh_database_url("template1") as url,
        opened(url) as database,
        pytest.raises(StoreError, match="db upgrade"),
        database.tenant("acme") as tx,
    ):
        tx.execute("SELECT 1 FROM companies")


def test_no_error_shows_the_password(database_url: str) -> None:
    """Errors end up in Dagster's event log, which many may read."""
    unreachable = Database("postgresql://flyle:hunter2@127.0.0.1:1/flyle")
    with pytest.raises(StoreUnavailable) as refused, unreachable.tenant("acme"):
        pass
    texts = [
        str(refused.value),
        repr(refused.value),
        repr(unreachable),
        str(refused.value.__cause__),
    ]
    assert not [text for text in texts if "hunter2" in text]
    assert refused.value.retryable
    assert "127.0.0.1" in refused.value.tried.en


def test_a_row_that_the_database_refuses_is_not_quoted(database: Database) -> None:
    """PostgreSQL's DETAIL line repeats the row, and a row is a customer's data."""
    with pytest.raises(StoreError) as refused, database.tenant("acme") as tx:
        tx.execute(
            "INSERT INTO links (tenant_id, state) VALUES ('acme', :state)", state="confidential"
        )
    assert refused.value.code == "store_refused"
    assert not refused.value.retryable
    assert "confidential" not in str(refused.value)


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    """One commit per asset: half of one must never be seen."""

    def break_off() -> None:
        with database.tenant("acme") as tx:
            tx.execute("INSERT INTO links (tenant_id) VALUES ('acme')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with database.tenant("acme") as tx:
        assert tx.execute("SELECT count(*) FROM links").scalar() == 0


def test_jsonb_numbers_load_to_their_last_digit(database: Database) -> None:
    """A float keeps 15 digits; amounts have 18 and more."""
    text = '{"a": 123456789012345678.123456789012345678, "b": 98765432109876543210, "c": 1.50}'
    with database.tenant("acme") as tx:
        found = tx.execute("SELECT CAST(:text AS jsonb)", text=text).scalar_one()
    assert found == {
        "a": Decimal("123456789012345678.123456789012345678"),
        "b": 98765432109876543210,
        "c": Decimal("1.50"),
    }
    assert str(found["c"]) == "1.50"


def test_connections_that_the_server_dropped_meanwhile_are_made_anew(
    database: Database, database_url: str
) -> None:
    """After a restart every pooled connection is dead: nobody sees that."""
    for _ in range(2):
        with database.tenant("a") as one, database.tenant("b") as other:
            assert (one.execute("SELECT 1").scalar(), other.execute("SELECT 1").scalar()) == (1, 1)
        with admin(database_url) as connection:
            ended = connection.execute(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'flyle-sf'"
            ).fetchone()
        assert ended == (2,)


def test_a_connection_lost_within_a_transaction_is_an_error_and_nothing_is_said_twice(
    database: Database, database_url: str
) -> None:
    def lose_it_midway() -> None:
        with database.tenant("a") as tx:
            pid = tx.execute("SELECT pg_backend_pid()").scalar()
            with admin(database_url) as connection:
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
            tx.execute("SELECT 1")

    with pytest.raises(StoreUnavailable):
        lose_it_midway()


def test_times_come_in_utc(database: Database) -> None:
    """Whatever the server's or the session's own zone is."""
    with database.tenant("acme") as tx:
        found = tx.execute("SELECT timestamptz '2026-04-01 09:00+09'").scalar_one()
    assert found.isoformat() == "2026-04-01T00:00:00+00:00"


def test_a_statement_of_a_tenant_knows_its_tenant(database: Database) -> None:
    """No statement can name another tenant by mistake; one for all tenants has none to name."""
    with database.tenant("acme") as tx:
        assert tx.execute("SELECT :tenant_id").scalar_one() == "acme"
        assert tx.execute("SELECT :tenant_id || :more", more="!").scalar_one() == "acme!"
        assert tx.execute("SELECT 1").scalar_one() == 1
    with database.fleet() as fleet, pytest.raises(sa.exc.StatementError):
        fleet.execute("SELECT :tenant_id")


def test_a_fleet_transaction_writes_nothing(database: Database) -> None:
    """It sees all tenants, so a slip in it would touch all tenants."""
    with pytest.raises(StoreError), database.fleet() as tx:
        tx.execute("INSERT INTO links (tenant_id) VALUES ('acme')")
    with pytest.raises(StoreError), database.fleet() as tx:
        tx.execute("CREATE TEMPORARY TABLE anything (a integer)")


def test_the_lock_holds_across_processes_and_dies_with_its_holder(
    database_url: str, database: Database
) -> None:
    """A killed refresh must not lock its tenant out until somebody notices."""
    waited = []
    with python(HOLD_LOCK, database_url) as holder:
        assert line_of(holder) == "True"
        with database.tenant_lock("acme", wait=False) as held:
            assert not held
        with database.tenant_lock("other", wait=False) as held:
            assert held

        def on_wait() -> None:
            waited.append(1)
            holder.kill()

        with database.tenant_lock("acme", on_wait=on_wait) as held:
            assert held
    assert waited == [1]


def test_a_lock_is_free_after_its_block(database: Database) -> None:
    """Also when the block failed."""
    with pytest.raises(RuntimeError), database.tenant_lock("acme"):
        raise RuntimeError
    with database.tenant_lock("acme", wait=False, on_wait=None) as held:
        assert held


def test_a_connection_goes_back_to_the_pool_without_its_tenant(database: Database) -> None:
    """The role and the tenant are the transaction's: the next one starts with neither."""
    with database.tenant("acme") as tx:
        tx.execute("INSERT INTO links (tenant_id) VALUES ('acme')")
        backend = tx.execute("SELECT pg_backend_pid()").scalar()
    with database.tenant("other") as tx:
        assert tx.execute("SELECT pg_backend_pid()").scalar() == backend
        assert tx.execute("SELECT count(*) FROM links").scalar() == 0
    assert database.is_current(), "which the tenants' role may not even ask"
