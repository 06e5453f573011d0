"""Small record frames for the lake's tests."""

from datetime import UTC, datetime

import polars as pl

from flyle_sf_assets.raw.records import record_schema

STAMP = datetime(2026, 1, 1, tzinfo=UTC)


def frame(**names: str) -> pl.DataFrame:
    """One linked record per argument: its Id and its Name."""
    rows = [
        {"Id": i, "SystemModstamp": STAMP, "_status": "linked", "Name": n} for i, n in names.items()
    ]
    return pl.DataFrame(rows, schema=record_schema(["Name"]))
