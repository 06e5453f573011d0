"""Texts that are no numbers of Salesforce's stay as they came."""

import time
from datetime import UTC, datetime

import polars as pl
import pytest

from flyle_sf_assets.raw.canonical import canonical, canonical_texts
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

AMOUNT = FieldSchema("Amount", "Amount", "currency")


def _canonical(*texts: str) -> list[str | None]:
    frame = pl.LazyFrame({"Amount": list(texts)}, schema={"Amount": pl.String})
    return canonical_texts(frame, [AMOUNT]).collect()["Amount"].to_list()


def test_exponents_are_written_out() -> None:
    assert _canonical("1.0E7", "-2.5e-3", "1E0", "0E5") == ["10000000", "-0.0025", "1", "0"]


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e-999999999", "1e99999", "1" * 5_000 + "e10", "1e1e1", "e5"]
)
def test_a_number_that_no_org_has_is_not_written_out(text: str) -> None:
    """``1e999999999`` took 9.7 GB and aborted the process."""
    began = time.monotonic()
    assert _canonical(text) == [text]
    assert time.monotonic() - began < 1


def test_rest_and_bulk_write_the_same_text_in_the_end() -> None:
    """The two formats of one stamp, and of one moment in a field."""
    visit = FieldSchema("Visit__c", "Visit", "datetime")
    rest = ("001", "2026-04-01T00:30:00.000+0000", "2026-04-01T09:00:00.000+0000", "5.0")
    bulk = ("001", "2026-04-01T00:30:00.000Z", "2026-04-01T09:00:00.000Z", "5")
    names = ["Id", "SystemModstamp", "Visit__c", "Amount"]
    rows = pl.LazyFrame([rest, bulk], schema=names, orient="row")
    found = canonical(rows, [visit, AMOUNT]).collect()
    moment = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
    assert found.rows() == [("001", moment, "2026-04-01T09:00:00.000Z", "5")] * 2


def test_a_record_without_a_stamp_has_none() -> None:
    """External objects: a sweep compares them."""
    rows = pl.LazyFrame({"Id": ["x01"], "Amount": [""]})
    assert canonical(rows, [AMOUNT]).collect().rows() == [("x01", None, None)]
