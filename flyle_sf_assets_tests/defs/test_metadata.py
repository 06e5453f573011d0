"""What the asset pages show of a step."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from dagster import TableMetadataValue

from flyle_sf_assets.defs.metadata import SAMPLE_TEXT_MAX, shown
from flyle_sf_assets.sync.step_report import StepReport


def _sample_cell(value: Any, kind: Any) -> object:
    report = StepReport("flyle/companies", "1", sample=pl.DataFrame({"x": [value]}, {"x": kind}))
    sample = shown(report)["sample"]
    assert isinstance(sample, TableMetadataValue)
    return sample.records[0].data["x"]


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [
        ('大和食品\n"本店"', pl.String, '大和食品 "本店"'),
        (Decimal("2112250.50"), pl.Decimal(38, 20), "2112250.5"),
        (Decimal(100), pl.Decimal(38, 20), "100"),
        (Decimal("1e3"), pl.Decimal(38, 0), "1000"),
        (
            Decimal("123456789012345678.12345678901234567890"),
            pl.Decimal(38, 20),
            "123456789012345678.1234567890123456789",
        ),
        (datetime(2024, 4, 1, 3, tzinfo=UTC), pl.Datetime("us", "UTC"), "2024-04-01T03:00:00Z"),
        (date(1869, 5, 4), pl.Date, "1869-05-04"),
        (["East", "西"], pl.List(pl.String), '["East", "西"]'),
        (True, pl.Boolean, "true"),
        (None, pl.String, ""),
    ],
)
def test_a_sample_shows_values_as_people_write_them(value: Any, kind: Any, cell: str) -> None:
    """Decimals came in quotes and with the twenty digits of their column, dates in quotes."""
    assert _sample_cell(value, kind) == cell


def test_a_long_text_in_a_sample_is_cut() -> None:
    """A description of 30,000 characters would be kept with every run."""
    assert _sample_cell("x" * 1000, pl.String) == "x" * (SAMPLE_TEXT_MAX - 1) + "…"
