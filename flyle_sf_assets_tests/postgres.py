"""Fixtures for every room whose tests need a real PostgreSQL.

One embedded server per test process, one migrated template, and a fresh copy of it per test.
FLYLE_TEST_ADMIN_URL (a superuser's, through a Unix socket) names another server to test on::

    from flyle_sf_assets_tests.postgres import database, module_database  # noqa: F401

What does not belong here: rows for tests; each room makes its own.
"""

import atexit
import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.postgres.embedded import (
    OWNER_ROLE,
    PRODUCT_DATABASE,
    DatabaseUrls,
    EmbeddedPostgres,
    ensure_databases,
)

_numbers = itertools.count(1)
_idle: dict[str, list[psycopg.Connection[tuple[object, ...]]]] = {}
"""Connections of `admin` that no block has, by the URL of a database that tests made."""


@functools.cache
def postgres_urls() -> DatabaseUrls:
    """The embedded server of this test process; started once, stopped and removed at exit."""
    given = os.environ.get("FLYLE_TEST_ADMIN_URL")
    if given:
        ensure_databases(given)
        product = given.replace("postgres@", f"{OWNER_ROLE}@").replace("/postgres?", "/flyle?")
        urls = DatabaseUrls(product=product, dagster="", admin=given)
    else:
        urls = _embedded()
    database = Database(urls.product)
    database.upgrade()
    database.dispose()  # a template must have no connections
    _idle[urls.admin] = []
    return urls


def _embedded() -> DatabaseUrls:
    # Not below pytest's own directory: another account could not pass through to it as root.
    home = Path(tempfile.mkdtemp(prefix="flyle-tests-"))
    server = EmbeddedPostgres(home, durable=False)

    def remove() -> None:
        server.close()
        shutil.rmtree(home)

    atexit.register(remove)
    return server.start()


def open_as_admin(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A superuser's connection to the database of that URL: row-level security does not bind it."""
    return psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://").replace(
            OWNER_ROLE + "@", "postgres@"
        ),
        autocommit=True,
        prepare_threshold=None,
    )


@contextmanager
def admin(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Such a connection for one block.

    The next block gets it again when the database is one of `fresh_database_url`: a test looks at
    its rows in a hundred places, and a server's new process costs more than what it is asked.
    """
    idle = _idle.get(url)
    connection = idle.pop() if idle else open_as_admin(url)
    with ExitStack() as on_error:
        on_error.callback(connection.close)
        yield connection
        if idle is not None and _is_as_opened(connection):
            connection.execute("DISCARD ALL")
            idle.append(connection)
            on_error.pop_all()


def _is_as_opened(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return (
        not connection.closed
        and connection.autocommit
        and connection.info.transaction_status == TransactionStatus.IDLE
    )


@contextmanager
def fresh_database_url(template: str = PRODUCT_DATABASE) -> Iterator[str]:
    """The URL of a new database, a copy of the migrated one (or of ``template1``: empty)."""
    urls = postgres_urls()
    name = f"test_{next(_numbers)}"
    words = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    with admin(urls.admin) as connection:
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {name} TEMPLATE {template} OWNER {owner} STRATEGY file_copy"
            ).format(**words, owner=sql.Identifier(OWNER_ROLE))
        )
    url = urls.product.replace(f"/{PRODUCT_DATABASE}?", f"/{name}?")
    _idle[url] = []
    try:
        yield url
    finally:
        for connection in _idle.pop(url):
            connection.close()
        with admin(urls.admin) as connection:
            connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**words))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database of that URL; its connections are closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


@pytest.fixture
def database_url() -> Iterator[str]:
    """The URL of a fresh, migrated database for one test."""
    with fresh_database_url() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database for one test."""
    with opened(database_url) as made:
        yield made


@pytest.fixture(scope="module")
def module_database() -> Iterator[Database]:
    """A fresh, migrated database for one file's tests."""
    with fresh_database_url() as url, opened(url) as made:
        yield made
