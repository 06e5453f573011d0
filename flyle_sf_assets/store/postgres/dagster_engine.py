"""Connections to Dagster's database that stay open between statements.

What does not belong here: which storage uses them (``defs/dagster_storage.py``).
"""

import sqlalchemy as sa

POOL_SIZE = 5
"""Connections that an instance keeps; under more threads than that others are opened and closed."""
POOL_RECYCLE_S = 600
"""Idle connections are not kept for longer than firewalls and proxies usually keep them."""


def kept_engine(url: str) -> sa.Engine:
    """An engine that commits each statement, as Dagster's storages expect; ``url`` for psycopg 2.

    A server that was restarted meanwhile is no error.
    """
    return sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=-1,
        pool_recycle=POOL_RECYCLE_S,
        pool_pre_ping=True,
    )
