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
    """The event log, with which Dagster ends when it disposes of an instance."""

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
        self._event_log_storage = _EventLogStorage(postgres_url, should_autocreate_tables=False)
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
