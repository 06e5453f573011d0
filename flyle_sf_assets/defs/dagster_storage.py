"""Dagster's PostgreSQL storage, named in ``config/dagster.yaml``: its URL in any form.

Dagster's own processes read the URL from the environment, whatever starts them, and take a
plain ``postgresql://`` for psycopg 3 (SQLAlchemy 2.1), with which ``dagster-postgres`` cannot store
an event: it binds a parameter in NOTIFY. Source: dagster_postgres/event_log/event_log.py,
`store_event`.
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from flyle_sf_assets.store.postgres.urls import dagster_url


class DagsterStorage(DagsterPostgresStorage):
    """The storage at ``postgres_url``. Raises UsageError when that cannot be read."""

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
