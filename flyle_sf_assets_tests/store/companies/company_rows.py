"""Company rows as the upsert takes them, written and read back for its tests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import psycopg

from flyle_sf_assets.store.companies.upsert import (
    ROW_SCHEMA,
    UpsertCounts,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2, DAY_3, DAY_4 = (DAY_1 + timedelta(days=days) for days in (1, 2, 3))

NASTY = [
    "",
    "\x01 \x01\x01",
    " ",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "NULL",
    "null",
    '"',
    '""',
    "a,b",
    "line\nbreak\r\nand tab\t",
    "back\\slash\\n",
    "株式会社アクメ 🏢👨‍👩‍👧",
    "'; DROP TABLE companies; --",
    "%(name)s :name {name} $1",
    "\u2028\u0085\ufeff",
]


def rows(*given_rows: Mapping[str, object]) -> pl.DataFrame:
    """Company rows; what a row does not name has a usual value. ``fields`` is a dict or text."""
    made = []
    for row in given_rows:
        fields = row.get("fields", {})
        made.append(
            {
                "external_id": row["id"],
                "name": row.get("name", "Acme"),
                "custom_fields": fields
                if isinstance(fields, str) or fields is None
                else json.dumps(fields, ensure_ascii=False),
                "status": row.get("status", "linked"),
                "status_reason": row.get("reason"),
                "merged_into": row.get("merged_into"),
                "source_modified_at": row.get("stamp", DAY_1),
                "content_hash": row.get("hash"),
            }
        )
    return pl.DataFrame(made, schema=ROW_SCHEMA)


def write(
    database: Database, frame: pl.DataFrame, now: datetime = DAY_1, sync_id: int = 1
) -> UpsertCounts:
    """One upsert of tenant acme in its own transaction."""
    with database.tenant("acme") as tx:
        return upsert_companies(tx, frame, source_object="Account", sync_id=sync_id, now=now)


def stored(database_url: str, external_id: str = "1") -> dict[str, object]:
    """The row as the superuser sees it, custom fields with exact numbers."""
    with admin(database_url) as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        row = cursor.execute(
            "SELECT *, custom_fields::text AS document FROM flyle.companies"
            " WHERE tenant_id = 'acme' AND external_id = %s",
            [external_id],
        ).fetchone()
        assert row is not None
        return {**row, "custom_fields": json.loads(row["document"], parse_float=Decimal)}


def history(database_url: str) -> list[tuple[object, ...]]:
    """(external_id, field, old, new, sync_id) of all changes, in order."""
    with admin(database_url) as connection:
        return connection.execute(
            "SELECT external_id, field, old, new, sync_id FROM flyle.company_changes"
            " ORDER BY change_id"
        ).fetchall()
