"""One advisory lock for each run that a worker executes, in Dagster's database.

PostgreSQL releases the lock when the process that holds it ends, however it ends, and about a
minute after its machine stopped answering: a started run without its lock has lost its process.
Source: PostgreSQL documentation, 13.3.5 "Advisory Locks", 20.3.1 "Connection Settings", and 54.12
"pg_locks".
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from flyle_sf_assets.store.postgres.dead_clients import notice_dead_clients

_TAKE = sa.text("SELECT pg_try_advisory_lock(hashtextextended('flyle.run:' || :run_id, 0))")
_IS_HELD = sa.text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32 | objid::bigint)"
    " = hashtextextended('flyle.run:' || :run_id, 0))"
)


class RunLocks:
    """The locks of runs, by their ids; ``url`` is that of Dagster's database, for psycopg 2."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, hide_parameters=True
        )
        notice_dead_clients(self._engine)

    @contextmanager
    def hold(self, run_id: str) -> Iterator[bool]:
        """Holds the run's lock on a connection of its own; yields False if another has it.

        Raises sqlalchemy.exc.OperationalError when the server cannot be reached.
        """
        with self._engine.connect() as connection:
            # The lock ends with the connection.
            yield bool(connection.execute(_TAKE, {"run_id": run_id}).scalar())

    def is_held(self, run_id: str) -> bool:
        """Whether a process executes the run now. Raises as `hold`."""
        with self._engine.connect() as connection:
            return bool(connection.execute(_IS_HELD, {"run_id": run_id}).scalar())
