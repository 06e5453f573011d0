"""Dagster's PostgreSQL storage, named in ``config/dagster.yaml``: its URL in any form.

Dagster's own processes read the URL from the environment, whatever starts them, and take a
plain ``postgresql://`` for psycopg 3 (SQLAlchemy 2.1), with which ``dagster-postgres`` cannot store
an event: it binds a parameter in NOTIFY. Source: dagster_postgres/event_log/event_log.py,
`store_event`.

``dagster-postgres`` opens a connection per statement, about 300 in one run, each of which costs
PostgreSQL a new process with cold caches. Here an instance keeps its connections until Dagster
disposes of it.
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage

from flyle_sf_assets.store.postgres.dagster_engine import kept_engine
from flyle_sf_assets.store.postgres.urls import dagster_url


class _EventLogStorage(PostgresEventLogStorage):
    """The event log, with which Dagster ends when it disposes of an instance.

    Before most of its statements it asks the catalog whether a table or column of an earlier
    version is there yet. None goes away, so that is asked once.
    """

    def __init__(self, postgres_url: str) -> None:
        self._there: set[str] = set()
        super().__init__(postgres_url, should_autocreate_tables=False)

    def has_table(self, table_name: str) -> bool:
        """Whether the database has the table."""
        if table_name not in self._there and super().has_table(table_name):
            self._there.add(table_name)
        return table_name in self._there

    def _has_asset_key_col_on_connection(self, conn: Any, column_name: str) -> bool:
        column = f"asset_keys.{column_name}"
        is_there = column in self._there
        if is_there or super()._has_asset_key_col_on_connection(conn, column_name):
            self._there.add(column)
        return column in self._there

    def dispose(self) -> None:
        """Stops watching and closes the connections, which the other storages use too."""
        super().dispose()
        self._engine.dispose()


class DagsterStorage(DagsterPostgresStorage):
    """The storage at ``postgres_url``. Raises UsageError when that cannot be read."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,  # noqa: FBT001, FBT002 - as Dagster declares it
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data)
        self._event_log_storage = _EventLogStorage(postgres_url)
        engine = kept_engine(postgres_url)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine  # noqa: SLF001 - it has no parameter for it

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """As Dagster makes it from the instance's file."""
        return cls(
            postgres_url=dagster_url(str(config_value["postgres_url"])),
            should_autocreate_tables=bool(config_value.get("should_autocreate_tables", True)),
            inst_data=inst_data,
        )
