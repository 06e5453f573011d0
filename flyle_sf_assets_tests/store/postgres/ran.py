"""Every statement that the product runs, and the buffers and rows that it really touched.

The statements are counted as they run, on the connections of the product and with the plans that
they have there, COPY too. PostgreSQL counts the block requests and rows of every table and index
for its statistics views; inside a transaction the counts can be read before they are published.
Source: PostgreSQL documentation, 27.2.3 "Viewing Statistics", per-backend statistics functions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

_COUNTS = """
SELECT c.relname, pg_stat_get_xact_blocks_fetched(c.oid), pg_stat_get_xact_tuples_returned(c.oid),
    pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
        + pg_stat_get_xact_tuples_deleted(c.oid), c.oid
FROM pg_class c
WHERE c.relnamespace = 'flyle'::regnamespace OR c.relnamespace = pg_my_temp_schema()
"""
"""``tuples_returned`` of a table are those of sequential scans, of an index its entries."""

Counts = dict[int, tuple[str, int, int, int]]


@dataclass(frozen=True, slots=True)
class Ran:
    """One statement as it ran.

    ``buffers`` and ``read`` are by table and index, ``read`` counts rows of scans and entries of
    indexes, ``given`` are the rows of the longest array among its parameters.
    """

    statement: str
    buffers: Mapping[str, int]
    read: Mapping[str, int]
    written: int
    given: int

    @property
    def total(self) -> int:
        """Buffers over all tables and indexes, temporary ones too."""
        return sum(self.buffers.values())

    @property
    def rows(self) -> int:
        """The rows that it touched: read, written, and looked for."""
        return sum(self.read.values()) + self.written + self.given

    @property
    def stored_rows(self) -> int:
        """The rows that it read of the product's own tables."""
        return sum(rows for name, rows in self.read.items() if not name.startswith("staged_"))


class _Statements(list[Ran]):
    """What ran, in order, and the last counts of every connection."""

    def __init__(self) -> None:
        super().__init__()
        self.last: WeakKeyDictionary[psycopg.Connection[Any], Counts] = WeakKeyDictionary()

    def counts(self, connection: psycopg.Connection[Any]) -> Counts:
        with psycopg.Cursor(connection) as cursor:
            rows = cursor.execute(_COUNTS).fetchall()
        return {oid: (name, blocks, read, written) for name, blocks, read, written, oid in rows}

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Published counts begin again at 0, so they are taken before every statement too."""
        if not connection.autocommit:
            self.last[connection] = self.counts(connection)

    def end(self, connection: psycopg.Connection[Any], statement: str, given: int) -> None:
        if connection.info.transaction_status != TransactionStatus.INTRANS:
            return
        before, now = self.last.get(connection, {}), self.counts(connection)
        buffers: dict[str, int] = {}
        read: dict[str, int] = {}
        written = 0
        for oid, (name, *counts) in now.items():
            _, *earlier = before.get(oid, (name, 0, 0, 0))
            blocks, rows, changed = (new - old for new, old in zip(counts, earlier, strict=True))
            if blocks:
                buffers[name] = buffers.get(name, 0) + blocks
            if rows:
                read[name] = read.get(name, 0) + rows
            written += changed
        self.append(Ran(" ".join(statement.split()), buffers, read, written, given))


@contextmanager
def statements_run() -> Iterator[Sequence[Ran]]:
    """The statements of every database of this process inside the block, as they run."""
    ran = _Statements()

    class Counted(psycopg.Cursor[Any]):
        """A cursor that counts what its statements touched."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            ran.begin(self.connection)
            super().execute(query, params, **options)
            ran.end(self.connection, _text(query, self), _given(params))
            return self

        @contextmanager
        def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            ran.begin(self.connection)
            with super().copy(statement, params, **options) as copy:
                yield copy
            ran.end(self.connection, _text(statement, self), _given(params))

    def checked_out(connection: psycopg.Connection[Any], *_: object) -> None:
        connection.cursor_factory = Counted

    def checked_in(connection: psycopg.Connection[Any] | None, *_: object) -> None:
        if connection is not None:
            connection.cursor_factory = psycopg.Cursor

    sa.event.listen(sa.Pool, "checkout", checked_out)
    sa.event.listen(sa.Pool, "checkin", checked_in)
    try:
        yield ran
    finally:
        sa.event.remove(sa.Pool, "checkout", checked_out)
        sa.event.remove(sa.Pool, "checkin", checked_in)


def _text(query: Any, cursor: psycopg.Cursor[Any]) -> str:
    return query.as_string(cursor) if isinstance(query, psycopg.sql.Composable) else str(query)


def _given(params: Any) -> int:
    values = params.values() if isinstance(params, Mapping) else params or ()
    return max((len(value) for value in values if isinstance(value, list)), default=0)
