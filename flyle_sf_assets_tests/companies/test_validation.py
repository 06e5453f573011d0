"""The pandera schema: exact masks for values, a loud failure for a frame that is wrong."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.rows import typed_schema
from flyle_sf_assets.companies.validation import company_schema, failures
from flyle_sf_assets.options.catalog import OPTION_SCHEMA

EMPTY_CATALOG = OPTION_SCHEMA.to_frame()


@pytest.fixture
def sound(enriched_frame: Any, company_field: Any) -> Any:
    """Fields and a typed frame of five sound rows."""
    fields = [
        company_field("currency", "number", key="amount", precision=18, scale=2),
        company_field("url", "url", key="site"),
    ]
    records = [{"Amount__c": "1.5", "Site__c": "https://example.com"}] * 5
    frame = enriched_frame(records, fields)
    rows = convert(frame, fields, time_zone="UTC", catalog=EMPTY_CATALOG).rows
    return fields, rows.select(list(typed_schema(fields)))


def test_sound_rows_have_no_failures(sound: Any) -> None:
    """Nothing to set aside."""
    fields, rows = sound
    assert failures(rows, company_schema(fields, EMPTY_CATALOG)) == []


def test_every_failing_check_gives_its_own_exact_mask(sound: Any) -> None:
    """Rows fail for several reasons at once, and other rows are not touched."""
    fields, rows = sound
    ids = rows["external_id"].to_list()
    broken = rows.with_columns(
        external_id=pl.Series([ids[0], ids[1], ids[1], None, "x"]),
        name=pl.Series([" ", "ok", "ok", "ok", None]),
    ).with_columns(
        pl.Series("custom_fields.site", ["www.a.jp", "https://a b", None, "ftp://a.jp", "x y"])
    )
    found: dict[tuple[str, str], list[bool]] = {}
    for failure in failures(broken, company_schema(fields, EMPTY_CATALOG)):
        key = (failure.column, str(failure.reason))
        mask = failure.failing.to_list()
        found[key] = [a or b for a, b in zip(found.get(key, mask), mask, strict=True)]
    no, yes = False, True
    assert found == {
        ("external_id", "bad_id"): [no, no, no, yes, yes],
        ("external_id", "duplicate_id"): [no, yes, yes, no, no],
        ("name", "empty_name"): [yes, no, no, no, yes],
        ("custom_fields.site", "not_a_url"): [no, yes, no, yes, yes],
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.drop("custom_fields.amount"),
        lambda rows: rows.with_columns(pl.col("custom_fields.amount").cast(pl.Float64)),
        lambda rows: rows.with_columns(pl.col("custom_fields.amount").cast(pl.Decimal(38, 2))),
        lambda rows: rows.with_columns(extra=1),
    ],
    ids=["column missing", "float", "another scale", "unknown column"],
)
def test_a_frame_of_the_wrong_shape_is_a_fault_of_the_program(sound: Any, spoil: Any) -> None:
    """drop_invalid_rows would let these pass; they must never become rejected values."""
    fields, rows = sound
    with pytest.raises(SchemaErrors):
        failures(spoil(rows), company_schema(fields, EMPTY_CATALOG))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY"), ("PANDERA_VALIDATION_ENABLED", "False")],
)
def test_the_environment_cannot_switch_validation_off(
    sound: Any, tmp_path: Path, variable: str, value: str
) -> None:
    """Both are read when pandera is imported: another team's setting lets no bad row in."""
    _, rows = sound
    rows.drop(pl.col("^custom_fields.*$")).with_columns(name=pl.lit("")).write_parquet(
        tmp_path / "rows.parquet"
    )
    script = (
        "import sys, polars as pl\n"
        "from flyle_sf_assets.companies.validation import company_schema, failures\n"
        "options = pl.DataFrame(schema={'field_key': pl.String, 'value': pl.String})\n"
        "found = failures(pl.read_parquet(sys.argv[1]), company_schema((), options))\n"
        "print([(str(f.reason), f.failing.sum()) for f in found])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "rows.parquet")],
        env={**os.environ, variable: value, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[('empty_name', 5)]"
