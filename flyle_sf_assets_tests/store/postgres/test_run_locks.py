"""The locks of runs, held and lost by real processes; and how a dead machine is noticed."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.postgres.dead_clients import COUNT, IDLE_S, INTERVAL_S
from flyle_sf_assets.store.postgres.run_locks import RunLocks
from flyle_sf_assets.store.postgres.urls import dagster_url
from flyle_sf_assets_tests.postgres import fresh_database_url
from flyle_sf_assets_tests.processes import line_of, python
from flyle_sf_assets_tests.store.postgres.tcp_server import DAGSTER, TcpServer, tcp_server
from flyle_sf_assets_tests.store.postgres.url_forms import FORMS

HOLD = """
import sys
from flyle_sf_assets.store.postgres.run_locks import RunLocks
with RunLocks(sys.argv[1]).hold("one") as held:
    print(held, flush=True)
    sys.stdin.readline()
"""
KEEPALIVES = {
    "tcp_keepalives_idle": str(IDLE_S),
    "tcp_keepalives_interval": str(INTERVAL_S),
    "tcp_keepalives_count": str(COUNT),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database for the locks."""
    with fresh_database_url() as made:
        yield dagster_url(made)


def test_a_run_has_one_process(url: str) -> None:
    """A message that the broker sent twice would have made a run twice at the same time."""
    locks = RunLocks(url)
    with locks.hold("one") as ours, locks.hold("one") as again, locks.hold("two") as other:
        assert (ours, again, other) == (True, False, True)
        assert locks.is_held("one")
        assert not locks.is_held("three")
    assert not locks.is_held("one")
    with locks.hold("one") as ours:
        assert ours


def test_a_killed_process_holds_nothing(url: str) -> None:
    """The lock is how a killed worker is noticed: a heartbeat that needs no process to miss it."""
    locks = RunLocks(url)
    with python(HOLD, url) as process:
        assert line_of(process) == "True"
        assert locks.is_held("one")
        process.kill()
        process.wait()
        with psycopg.connect(url.replace("+psycopg2", "")) as connection:
            connection.execute("SELECT pg_sleep(0.2)")
        assert not locks.is_held("one")


def test_asking_for_a_lock_never_takes_it(url: str) -> None:
    """A check that took the lock for a moment would have kept the worker from its run."""
    locks = RunLocks(url)
    assert not locks.is_held("one")
    with locks.hold("one") as held:
        assert held
        assert all(locks.is_held("one") for _ in range(3))


@pytest.fixture(scope="module")
def server() -> Iterator[TcpServer]:
    """A server on TCP: over a Unix socket the kernel tells at once that the client is gone."""
    with tcp_server() as made:
        yield made


def test_the_server_asks_every_client_whether_it_lives(server: TcpServer) -> None:
    """By default it asks after two hours: until then a lost machine's tenants stayed locked."""
    database = Database(FORMS["plain"](server, DAGSTER))
    locks = RunLocks(dagster_url(FORMS["plain"](server, DAGSTER)))
    engines = (database._engine, database._lock_engine, locks._engine)  # noqa: SLF001 - all of them
    try:
        for engine in engines:
            with engine.connect() as connection:
                told = {
                    name: str(connection.execute(sa.text(f"SHOW {name}")).scalar())
                    for name in KEEPALIVES
                }
            assert told == KEEPALIVES
    finally:
        database.dispose()
