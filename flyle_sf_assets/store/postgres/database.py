"""The product's database: connections, transactions bound to one tenant, and locks.

Every transaction runs under a role that row-level security binds: ``flyle_app`` sees and
changes the rows of one tenant, ``flyle_fleet`` reads all tenants and changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy import exc as sa_exc

from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.migrations import SCHEMA_VERSION, upgrade_to_head
from flyle_sf_assets.store.postgres import exact_json
from flyle_sf_assets.store.postgres.dead_clients import notice_dead_clients
from flyle_sf_assets.store.postgres.driver_errors import DRIVER_ERRORS, place, store_error
from flyle_sf_assets.store.postgres.driver_sql import driver_sql
from flyle_sf_assets.store.postgres.urls import product_url

Row = TypeVar("Row")

APP_ROLE = "flyle_app"
FLEET_ROLE = "flyle_fleet"

SERVER_VERSION_MIN = 140000
"""PostgreSQL 14, as the server writes its version."""

STATEMENT_TIMEOUT_S = 900
"""Long enough for a first load of a million companies, short enough to be noticed."""

LOCK_TIMEOUT_S = 60
UPKEEP_LOCK_TIMEOUT_S = 10
"""Upkeep can be done later: readers must not wait in line behind it."""

CONNECT_TIMEOUT_S = 15
POOL_SIZE = 8
POOL_OVERFLOW = 10

_OPEN_TRANSACTION = driver_sql(
    "SELECT set_config('role', :role, true), set_config('flyle.tenant_id', :tenant_id, true),"
    " set_config('timezone', 'UTC', true), set_config('search_path', 'flyle, pg_temp', true),"
    " set_config('statement_timeout', :statement_timeout, true),"
    " set_config('lock_timeout', :lock_timeout, true),"
    # A change of 1 % must not be planned as a full scan: keys are looked up, because random
    # reads are as cheap as sequential ones on current disks; no plan is worth JIT compilation.
    " set_config('random_page_cost', '1.1', true), set_config('jit', 'off', true)"
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction: ``execute`` takes SQL with ``:name`` parameters."""

    connection: sa.Connection

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """The values of a statement's parameters."""
        return given

    def execute(self, sql: str, **values: Any) -> sa.CursorResult[Any]:
        """Runs one statement."""
        return self.connection.exec_driver_sql(driver_sql(sql), self.values(values))

    def rows(self, kind: type[Row], sql: str, **values: Any) -> tuple[Row, ...]:
        """The rows of a query whose columns have the names of the fields of ``kind``."""
        return tuple(kind(**row._asdict()) for row in self.execute(sql, **values))

    def row(self, kind: type[Row], sql: str, **values: Any) -> Row | None:
        """The first row of such a query, or None."""
        return next(iter(self.rows(kind, sql, **values)), None)

    def cursor(self) -> psycopg.Cursor[Any]:
        """The driver's own cursor on this transaction, for COPY."""
        driver = cast("psycopg.Connection[Any]", self.connection.connection.driver_connection)
        return driver.cursor()


@dataclass(frozen=True, slots=True)
class TenantTransaction(Transaction):
    """A transaction in which only the rows of ``tenant_id`` are visible.

    ``:tenant_id`` in a statement is this tenant.
    """

    tenant_id: str

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """The values of a statement's parameters, with the tenant's."""
        return {"tenant_id": self.tenant_id, **given}


@dataclass(frozen=True, slots=True)
class FleetTransaction(Transaction):
    """A read-only transaction over the rows of all tenants."""


class Database:
    """The product's PostgreSQL (14 or newer) at ``url`` (`urls.product_url`).

    Raises UsageError when the URL cannot be read, StoreUnavailable (retryable) when the server
    cannot be reached and StoreError when it refuses.
    """

    def __init__(self, url: str) -> None:
        self._url = product_url(url)
        self._engine = sa.create_engine(
            self._url,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            hide_parameters=True,
            use_native_hstore=False,
            json_deserializer=exact_json.loads,
            connect_args=_defaults(self._url, application_name="flyle-sf"),
        )
        # Separate connections, one per lock: no tenant waits for the connection of another.
        self._lock_engine = sa.create_engine(
            self._url,
            pool_size=POOL_SIZE,
            max_overflow=-1,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            connect_args=_defaults(self._url),
        )
        notice_dead_clients(self._engine)
        notice_dead_clients(self._lock_engine)

    def __repr__(self) -> str:
        return f"Database({place(self._url)})"

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[TenantTransaction]:
        """One transaction as ``flyle_app``, bound to one tenant; committed at the end.

        Rolled back when the block raises. Row-level security hides every other tenant's rows.
        Raises StoreUnavailable, DiskFull, StoreError; ValueError for an empty ``tenant_id``.

        >>> with database.tenant("acme") as tx:
        ...     tx.execute("SELECT count(*) FROM companies").scalar_one()
        0
        """
        if not tenant_id:
            raise ValueError("a tenant's transaction needs a tenant id")
        with self._transaction(APP_ROLE, tenant_id) as connection:
            yield TenantTransaction(connection, tenant_id)

    @contextmanager
    def fleet(self) -> Iterator[FleetTransaction]:
        """One read-only transaction as ``flyle_fleet`` over all tenants."""
        with self._transaction(FLEET_ROLE, "") as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield FleetTransaction(connection)

    @contextmanager
    def upkeep(self) -> Iterator[Transaction]:
        """One transaction as the user who connects, for upkeep of the tables that the user owns.

        Row-level security does not bind it: it is never for rows of a tenant. Raises as `tenant`.
        """
        with self._errors(), self._engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{UPKEEP_LOCK_TIMEOUT_S}s'")
            connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
            yield Transaction(connection)

    @contextmanager
    def tenant_lock(
        self,
        tenant_id: str,
        *,
        wait: bool = True,
        on_wait: Callable[[], None] | None = None,
    ) -> Iterator[bool]:
        """Holds the tenant's lock across processes; yields whether it is held.

        With ``wait`` it is always held, after ``on_wait`` was called once when another process had
        it; without, False is yielded when another process has it. The lock has a separate
        connection: PostgreSQL releases it when the process or the connection ends.
        Source: PostgreSQL documentation, 13.3.5 "Advisory Locks".
        """
        with self._held(f"flyle.tenant:{tenant_id}", wait=wait, on_wait=on_wait) as held:
            yield held

    def is_locked(self, tenant_id: str) -> bool:
        """Whether another process holds the tenant's lock now."""
        with self.tenant_lock(tenant_id, wait=False) as is_free:
            return not is_free

    @contextmanager
    def token_lock(self, tenant_id: str) -> Iterator[None]:
        """The lock for using the tenant's refresh token; waits until it is free.

        A separate lock: a refresh that holds the tenant's lock renews its token under it, and so
        does every other process that uses the tenant's org at the same time.
        """
        with self._held(f"flyle.tokens:{tenant_id}", wait=True, on_wait=None):
            yield

    def upgrade(self) -> None:
        """Upgrades the schema to the newest version; safe to call from several processes at once.

        Raises StoreError with the remedy when the server is too old or the connecting user may
        not create what is needed.
        """
        tried = Text(
            "スキーマを更新しようとしました", f"Tried to upgrade the schema at {place(self._url)}"
        )
        with self._errors(tried):
            with self._engine.connect() as connection:
                self._check_server(connection)
                if _version(connection) == SCHEMA_VERSION:
                    return
            with self._engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                lock = "SELECT pg_advisory_xact_lock(hashtextextended('flyle.upgrade', 0))"
                connection.exec_driver_sql(lock)
                if _version(connection) != SCHEMA_VERSION:
                    upgrade_to_head(connection)

    def is_current(self) -> bool:
        """Whether the schema is at the version that this code needs."""
        with self._errors(), self._engine.connect() as connection:
            return _version(connection) == SCHEMA_VERSION

    def dispose(self) -> None:
        """Closes the pooled connections."""
        self._engine.dispose()
        self._lock_engine.dispose()

    @contextmanager
    def _transaction(self, role: str, tenant_id: str) -> Iterator[sa.Connection]:
        values = {
            "role": role,
            "tenant_id": tenant_id,
            "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
            "lock_timeout": f"{LOCK_TIMEOUT_S}s",
        }
        with self._errors(), self._opened(values) as connection:
            yield connection
            connection.commit()

    def _opened(self, values: dict[str, str]) -> sa.Connection:
        """A connection with an open transaction, in which only its settings were sent.

        A restarted server has dropped the pooled connections. The first statement detects that
        without the round trip of a ping before each transaction, and the pool then discards all of
        them: the second try gets a new one.
        """
        try:
            return self._open(values)
        except sa_exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._open(values)

    def _open(self, values: dict[str, str]) -> sa.Connection:
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql(_OPEN_TRANSACTION, values)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _held(self, name: str, *, wait: bool, on_wait: Callable[[], None] | None) -> Iterator[bool]:
        with self._lock_connection() as connection:
            key = {"key": name}
            held = self._run(connection, "SELECT pg_try_advisory_lock({key})", key)
            if not held and wait:
                if on_wait is not None:
                    on_wait()
                self._run(connection, "SELECT pg_advisory_lock({key})", key)
                held = True
            try:
                yield held
            finally:
                if held:
                    self._unlock(connection, key)

    @contextmanager
    def _lock_connection(self) -> Iterator[sa.Connection]:
        """A connection that is not shared while the lock is held."""
        with self._errors():
            connection = self._lock_engine.connect()
        try:
            yield connection
        finally:
            connection.close()

    def _unlock(self, connection: sa.Connection, key: dict[str, str]) -> None:
        """Releases the lock; a broken connection is closed, which releases the lock too."""
        statement = driver_sql("SELECT pg_advisory_unlock(hashtextextended(:key, 0))")
        try:
            is_unlocked = bool(connection.exec_driver_sql(statement, key).scalar())
        except DRIVER_ERRORS:
            is_unlocked = False
        if not is_unlocked:
            connection.invalidate()

    def _run(self, connection: sa.Connection, sql: str, values: dict[str, str]) -> bool:
        with self._errors(Text("テナントのロックを取得します", "Take the tenant's lock")):
            statement = driver_sql(sql.format(key="hashtextextended(:key, 0)"))
            return bool(connection.exec_driver_sql(statement, values).scalar())

    @contextmanager
    def _errors(self, tried: Text | None = None) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            raise store_error(error, self._url, tried) from error

    def _check_server(self, connection: sa.Connection) -> None:
        found = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar()))
        if found < SERVER_VERSION_MIN:
            raise StoreError(
                "postgres_too_old",
                tried=Text(
                    "PostgreSQLに接続しようとしました", f"Tried to connect to {place(self._url)}"
                ),
                came_back=Text(
                    f"サーバーのバージョンは {found} です", f"The server has version {found}"
                ),
                remedy=Text(
                    "PostgreSQL 14以降を使用してください", "Use PostgreSQL 14 or a newer one"
                ),
            )


def _defaults(url: sa.URL, **more: str | int) -> dict[str, str | int]:
    """Parameters of a connection, except those that the URL sets."""
    ours = {"connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": 30, **more}
    return {name: value for name, value in ours.items() if name not in url.query}


def _version(connection: sa.Connection) -> str | None:
    present = connection.exec_driver_sql("SELECT to_regclass('flyle.alembic_version')").scalar()
    if present is None:
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM flyle.alembic_version").scalar()
    return None if version is None else str(version)
