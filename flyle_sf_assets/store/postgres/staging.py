r"""Frames in and out of PostgreSQL: COPY into a temporary table, COPY out of a query.

COPY into a table under row-level security is refused, so rows are staged in a temporary table
of the transaction and moved by one INSERT or UPDATE. The format is CSV: a null is an empty
field without quotes, an empty text is two quotes, and ``\N`` is only text.
Source: PostgreSQL documentation, "COPY", and 5.9 "Row Security Policies".
"""

import io
from collections.abc import Sequence
from typing import Any

import polars as pl
from psycopg import sql

from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.postgres.database import TenantTransaction

QUOTE = "\x01"
"""Encloses a text, and is doubled in it: JSON is full of quotation marks and never has this."""

SLICE_ROWS = 20_000
"""Rows converted to CSV at once: a few megabytes."""


def stage(
    tx: TenantTransaction,
    table: str,
    columns: str,
    rows: pl.DataFrame,
    *,
    index: str | None = None,
    is_looked_up: bool = True,
) -> None:
    """Fills the new temporary table ``table`` with ``rows``; the transaction's end drops it.

    ``columns`` is the SQL of its columns, in the order of the frame's; ``index`` names the key
    for look-ups. ``is_looked_up`` is false for rows that are only moved to another table.
    """
    tx.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    tx.execute(f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP")
    names = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    statement = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN (FORMAT csv, QUOTE {})").format(
        sql.Identifier(table), names, sql.Literal(QUOTE)
    )
    with tx.cursor() as cursor, cursor.copy(statement) as copy:
        for part in rows.iter_slices(SLICE_ROWS):
            # Only texts are quoted: the only way to distinguish "" from null.
            copy.write(_csv(part))
    if index is not None:
        tx.execute(f"CREATE INDEX ON pg_temp.{table} ({index})")
    if is_looked_up:
        # The planner needs its size and its key; sampling documents would take long.
        tx.execute(f"ANALYZE pg_temp.{table} ({rows.columns[0]})")


def _csv(rows: pl.DataFrame) -> bytes:
    """As bytes: a text of Python's would be decoded, and encoded again to be sent."""
    text = io.BytesIO()
    rows.write_csv(text, include_header=False, quote_style="non_numeric", quote_char=QUOTE)
    return text.getvalue()


def unstage(tx: TenantTransaction, table: str) -> None:
    """Drops a staged table before the transaction ends."""
    tx.execute(f"DROP TABLE pg_temp.{table}")


def copy_out(
    tx: TenantTransaction, query: str, schema: dict[str, pl.DataType], **values: Any
) -> pl.DataFrame:
    """The query's rows as a frame of that schema; ``%(name)s`` are the values, and the tenant."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(sql.SQL(query))
    with tx.cursor() as cursor, cursor.copy(statement, tx.values(values)) as copy:
        text = b"".join(copy)
    if not text:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(text, has_header=False, new_columns=list(schema), schema=schema)


def require_unique(rows: pl.DataFrame, key: Sequence[str], what: str) -> None:
    """Raises StoreError when one batch has a key twice: which one is valid is not known here."""
    twice = rows.select(key).filter(pl.struct(key).is_duplicated())
    if twice.is_empty():
        return
    first = twice.unique(maintain_order=True).head(3)
    shown = "; ".join("/".join(map(str, row)) for row in first.rows())
    raise StoreError(
        "key_twice",
        tried=Text(f"{what}を書き込もうとしました", f"Tried to write {what}"),
        came_back=Text(
            f"一度に書き込む {twice.height} 行のキーが重複しています: {shown}",
            f"{twice.height} rows of one batch share their key with another: {shown}",
        ),
        remedy=Text(
            "プログラムの誤りです。この内容を報告してください",
            "This is a fault in the program; report this text",
        ),
    )
