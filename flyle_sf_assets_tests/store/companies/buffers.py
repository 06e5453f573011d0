"""Counts the buffers that each statement of a transaction touches, whatever its plan is.

PostgreSQL counts the block requests of every table and index for the statistics views; inside a
transaction the counts can be read before they are published. COPY is counted too.
Source: PostgreSQL documentation, 27.2.3 "Viewing Statistics", per-backend statistics functions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from flyle_sf_assets.store.postgres.database import Transaction

_COUNTS = """
SELECT c.oid, c.relname, pg_stat_get_xact_blocks_fetched(c.oid) FROM pg_class c
WHERE c.relnamespace = 'flyle'::regnamespace OR c.relnamespace = pg_my_temp_schema()
"""
COPY = "COPY"


@dataclass(frozen=True, slots=True)
class Touched:
    """What one statement touched: ``buffers`` by the name of the table or index, and its time."""

    statement: str
    buffers: dict[str, int]
    seconds: float

    @property
    def total(self) -> int:
        """Over all tables and indexes, staged ones too."""
        return sum(self.buffers.values())


@dataclass(slots=True)
class Meter:
    """The statements of a transaction since it was attached, in order."""

    connection: sa.Connection
    statements: list[Touched] = field(default_factory=list)
    _last: dict[int, int] = field(default_factory=dict)
    _noted_at: float = 0.0

    @property
    def total(self) -> int:
        """Buffers of all statements."""
        return sum(one.total for one in self.statements)

    @property
    def seconds(self) -> float:
        """Of all statements."""
        return sum(one.seconds for one in self.statements)

    @property
    def worst(self) -> Touched:
        """The statement that touched most."""
        return max(self.statements, key=lambda one: one.total)

    def note(self, statement: str) -> None:
        """Takes what was touched since the last note for that statement's."""
        driver = self.connection.connection.driver_connection
        assert driver is not None
        rows = driver.execute(_COUNTS).fetchall()
        grown = {name: count - self._last.get(oid, 0) for oid, name, count in rows}
        self._last = {oid: count for oid, _name, count in rows}
        touched = {name: count for name, count in grown.items() if count}
        if touched:
            seconds = time.perf_counter() - self._noted_at
            self.statements.append(Touched(" ".join(statement.split()), touched, seconds))
        self._noted_at = time.perf_counter()


@contextmanager
def metered(tx: Transaction) -> Iterator[Meter]:
    """Counts what the transaction's statements touch inside the block."""
    meter = Meter(tx.connection)

    def before(*_: object) -> None:
        meter.note(COPY)

    def after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        meter.note(statement)

    meter.note("before")
    meter.statements.clear()
    sa.event.listen(tx.connection, "before_cursor_execute", before)
    sa.event.listen(tx.connection, "after_cursor_execute", after)
    try:
        yield meter
        meter.note(COPY)
    finally:
        sa.event.remove(tx.connection, "before_cursor_execute", before)
        sa.event.remove(tx.connection, "after_cursor_execute", after)
