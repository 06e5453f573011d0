"""The companies table: set-based upsert, its history, and unlinking.

``updated_at`` moves exactly when content changed: name, custom fields, status, reason or
merged_into. The content hash only avoids comparisons; the content decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.companies import statements
from flyle_sf_assets.store.companies.rolled_back import has_kept_values, keep_rolled_back
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.staging import copy_out, require_unique, stage, unstage

ROW_SCHEMA: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "name": pl.String(),
    "custom_fields": pl.String(),
    "status": pl.String(),
    "status_reason": pl.String(),
    "merged_into": pl.String(),
    "source_modified_at": pl.Datetime("us", "UTC"),
    "content_hash": pl.Int64(),
}
"""The columns of the rows to upsert. ``custom_fields`` is the text of a JSON object with only
the members to write; it may be null when ``status`` is not ``linked``."""

REASON_SCHEMA: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "field": pl.String(),
    "reason": pl.String(),
}
"""Why the custom field ``field`` of a row has no value, at most once per row and field."""

LOOKED_UP_ROWS_MAX = 100_000
"""Up to this many rows the stored hashes are looked up by id, above it all are read: so the
work depends on the smaller side."""


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """How the rows were made.

    ``hash_version`` is that of ``content_hash``. ``retyped`` are the keys of custom fields
    whose type changed: these are written in frozen rows too, where they have a value.
    ``readable`` are those that a linked row has a value for, unless it is rejected or kept.
    ``reasons`` (columns: `REASON_SCHEMA`) are written to the history of the blanked values.
    """

    hash_version: int = 1
    retyped: frozenset[str] = frozenset()
    readable: frozenset[str] = frozenset()
    reasons: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REASON_SCHEMA))


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """The result of an upsert, in rows.

    ``gone`` are no longer linked; ``changed`` are the other changes of content, of which
    ``returned`` are linked again; ``unchanged`` had none (their hash or stamp may have been stored
    anyway).
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    returned: int = 0

    @property
    def linked(self) -> int:
        """By how many the number of linked companies grew."""
        return self.created + self.returned - self.gone


_PLAIN = Conversion()


def upsert_companies(
    tx: TenantTransaction,
    rows: pl.DataFrame,
    *,
    source_object: str,
    sync_id: int | None,
    now: datetime,
    conversion: Conversion = _PLAIN,
    compare_all: bool = False,
) -> UpsertCounts:
    """Writes company rows (columns: `ROW_SCHEMA`) and the history of what changed.

    A linked row is created or merged: custom fields that it does not name stay. A row of another
    status changes only the status columns of an existing row; its values stay frozen, except
    those whose type changed. ``compare_all`` also compares rows with the same hash. What a
    rollback keeps stays (``rolled_back.py``).

    Raises StoreError before anything is written when the frame has other columns, a key twice,
    or a linked row without a name.

    ``sync_id`` is written to the history, ``now`` (UTC) to ``created_at``, ``updated_at`` and
    ``changed_at``.

    >>> one = pl.DataFrame([{
    ...     "external_id": "001", "name": "Acme", "custom_fields": '{"revenue":1.10}',
    ...     "status": "linked", "status_reason": None, "merged_into": None,
    ...     "source_modified_at": now, "content_hash": 1,
    ... }], ROW_SCHEMA)
    >>> with database.tenant("acme") as tx:
    ...     upsert_companies(tx, one, source_object="Account", sync_id=1, now=now)
    UpsertCounts(created=1, changed=0, unchanged=0, gone=0, returned=0)
    """
    rows = _checked(rows)
    total = rows.height
    if not compare_all:
        rows = _not_held(tx, rows, source_object, conversion.hash_version)
    stamps = rows.filter(pl.col("same_content"))
    rows = rows.filter(~pl.col("same_content"))
    is_any_held = bool(rows["may_be_held"].any())
    rows = rows.select(*ROW_SCHEMA)
    _store_stamps(tx, stamps.select("external_id", "source_modified_at"))
    if rows.is_empty():
        return UpsertCounts(unchanged=total)
    stage(tx, "staged_companies", statements.STAGED_COLUMNS, rows, is_looked_up=is_any_held)
    values = {
        "source_object": source_object,
        "sync_id": sync_id,
        "now": now,
        "hash_version": conversion.hash_version,
        "retyped": sorted(conversion.retyped),
    }
    moved = gone = returned = 0
    if is_any_held:
        _stage_reasons(tx, conversion.reasons, rows)
        if has_kept_values(tx):
            keep_rolled_back(tx, readable=conversion.readable)
        held = tx.execute(statements.RECORD_CHANGES, **values).one()
        moved, gone, returned = int(held.moved), int(held.gone), int(held.returned)
        tx.execute(statements.UPDATE_HELD, **values)
        unstage(tx, "staged_reasons")
    created = tx.execute(statements.INSERT_NEW, **values).rowcount
    unstage(tx, "staged_companies")
    return UpsertCounts(created, moved - gone, total - created - moved, gone, returned)


def has_companies(tx: TenantTransaction) -> bool:
    """Whether the tenant has any company."""
    return tx.execute(statements.HAS_ANY).first() is not None


def insert_first_companies(
    tx: TenantTransaction,
    rows: pl.DataFrame,
    *,
    source_object: str,
    sync_id: int | None,
    now: datetime,
    hash_version: int = 1,
) -> UpsertCounts:
    """`upsert_companies` for a tenant that had no company before this transaction.

    Nothing is looked up, because nothing can be there. Raises StoreError also for an id that the
    transaction inserted before.
    """
    rows = _checked(rows).select(*ROW_SCHEMA)
    stage(tx, "staged_companies", statements.STAGED_COLUMNS, rows, is_looked_up=False)
    values = {"source_object": source_object, "sync_id": sync_id, "now": now}
    created = tx.execute(statements.INSERT_FIRST, hash_version=hash_version, **values).rowcount
    unstage(tx, "staged_companies")
    return UpsertCounts(created, unchanged=rows.height - created)


def unlink_companies(
    tx: TenantTransaction,
    *,
    reason: str,
    sync_id: int | None,
    now: datetime,
    other_than_object: str | None = None,
) -> int:
    """Sets linked rows ``unlinked`` with that reason and returns how many.

    ``other_than_object``: only the rows that came from another base object than this one.
    Rows that are already frozen keep their own status and reason.
    """
    values = {"reason": reason, "sync_id": sync_id, "now": now, "other_than": other_than_object}
    return int(tx.execute(statements.UNLINK, **values).scalar_one())


def end_companies(
    tx: TenantTransaction, external_ids: Sequence[str], *, sync_id: int, now: datetime
) -> int:
    """Sets these rows ``missing`` and returns how many: no record can have such an id."""
    ids = list(external_ids)
    return int(tx.execute(statements.END, ids=ids, sync_id=sync_id, now=now).scalar_one())


def rows_to_write(
    tx: TenantTransaction, rows: pl.DataFrame, source_object: str, conversion: Conversion
) -> pl.DataFrame:
    """The rows (columns: `ROW_SCHEMA`) whose content may differ from the stored one."""
    rows = _not_held(tx, _checked(rows), source_object, conversion.hash_version)
    return rows.filter(~pl.col("same_content")).select(*ROW_SCHEMA)


def rename_unlinked(tx: TenantTransaction, *, former: str, reason: str, now: datetime) -> int:
    """Replaces one reason of unlinked rows by another; returns how many rows."""
    return tx.execute(statements.RENAME_REASON, former=former, reason=reason, now=now).rowcount


def _checked(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order of `ROW_SCHEMA`, with ``same_content`` false, ``may_be_held`` true."""
    found = dict(rows.schema)
    wrong = [name for name in ROW_SCHEMA | found if ROW_SCHEMA.get(name) != found.get(name)]
    if wrong:
        raise _refused(
            Text(
                f"足りない、不明な、または型の異なる列: {', '.join(wrong)}",
                f"columns missing, unknown or of another type: {', '.join(wrong)}",
            )
        )
    nameless = rows.filter(
        (pl.col("status") == "linked")
        & (pl.col("name").fill_null("").eq("") | pl.col("custom_fields").is_null())
    )
    if nameless.height:
        raise _refused(
            Text(
                f"名前か項目の値がない連携中の行が {nameless.height} 行(最初は"
                f" {nameless['external_id'][0]})",
                f"{nameless.height} linked rows without name or custom fields,"
                f" first {nameless['external_id'][0]}",
            )
        )
    require_unique(rows, ["external_id"], "companies")
    return rows.select(
        *ROW_SCHEMA,
        pl.lit(value=False).alias("same_content"),
        pl.lit(value=True).alias("may_be_held"),
    )


def _not_held(
    tx: TenantTransaction, rows: pl.DataFrame, source_object: str, hash_version: int
) -> pl.DataFrame:
    """Without the rows that are stored unchanged; ``same_content`` when only the stamp differs.

    ``may_be_held`` is false when no row of that id exists.
    """
    linked = rows.filter(pl.col("status") == "linked")
    is_looked_up = linked.height <= LOOKED_UP_ROWS_MAX
    held = copy_out(
        tx,
        statements.LOOK_UP_HELD if is_looked_up else statements.SELECT_HELD,
        {"external_id": pl.String(), "held_hash": pl.Int64(), "held_stamp_us": pl.Int64()},
        hash_version=hash_version,
        source_object=source_object,
        ids=linked["external_id"].to_list() if is_looked_up else [],
    )
    same = (pl.col("content_hash") == pl.col("held_hash")) & (pl.col("status") == "linked")
    stamp = pl.col("source_modified_at").dt.epoch("us")
    return (
        rows.join(
            held.with_columns(is_held=True), on="external_id", how="left", maintain_order="left"
        )
        .with_columns(
            same_content=same.fill_null(value=False),
            may_be_held=(pl.col("status") != "linked") | pl.col("is_held").is_not_null(),
        )
        .filter(~(pl.col("same_content") & stamp.eq_missing(pl.col("held_stamp_us"))))
        .drop("held_hash", "held_stamp_us", "is_held")
    )


def _store_stamps(tx: TenantTransaction, stamps: pl.DataFrame) -> None:
    """Records that were updated in Salesforce without a change of the company."""
    if stamps.is_empty():
        return
    columns = "external_id text NOT NULL, source_modified_at timestamptz"
    stage(tx, "staged_stamps", columns, stamps)
    tx.execute(statements.STORE_STAMPS)
    unstage(tx, "staged_stamps")


def _stage_reasons(tx: TenantTransaction, reasons: pl.DataFrame, rows: pl.DataFrame) -> None:
    of_rows = reasons.join(rows, on="external_id", how="semi").select(*REASON_SCHEMA)
    require_unique(of_rows, ["external_id", "field"], "reasons")
    stage(tx, "staged_reasons", statements.REASON_COLUMNS, of_rows, index="external_id, field")


def _refused(came_back: Text) -> StoreError:
    return StoreError(
        "company_rows_refused",
        tried=Text("企業を書き込もうとしました", "Tried to write companies"),
        came_back=came_back,
        remedy=Text(
            "プログラムの誤りです。この内容を報告してください",
            "This is a fault in the program; report this text",
        ),
    )
