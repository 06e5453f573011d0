"""Builders shared by the tests of this package: fields, enriched frames, and one way through it.

They are session fixtures that return functions, so that hypothesis may call them many times.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import documents
from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.options.catalog import catalog, described_options, met_values
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue
from flyle_sf_assets.settings.models import FlyleType

CHECK_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def eighteen(fifteen: str) -> str:
    """The 18-character id, written from Salesforce's article and not from the product."""
    suffix = ""
    for group in (fifteen[0:5], fifteen[5:10], fifteen[10:15]):
        suffix += CHECK_LETTERS[sum(2**i for i, letter in enumerate(group) if letter.isupper())]
    return fifteen + suffix


@pytest.fixture(scope="session")
def sf_id() -> Callable[[int], str]:
    """A valid Account id for a number."""
    return lambda number: eighteen(f"0015g{number:010d}".replace("7", "Q"))


@pytest.fixture(scope="session")
def company_field() -> Callable[..., CompanyField]:
    """A mapped field; ``picklist`` takes (value, label, active) triples."""

    def build(
        source_type: str,
        flyle_type: str,
        *,
        key: str = "field",
        path: str | None = None,
        picklist: Sequence[tuple[str, str, bool]] = (),
        when_blank: Any = "blank",
        readable: bool = True,
        **describe: Any,
    ) -> CompanyField:
        path = path or f"{key.title()}__c"
        name = path.rpartition(".")[2]
        values = tuple(PicklistValue(*option) for option in picklist)
        source = FieldSchema(name, name, source_type, picklist_values=values, **describe)
        return CompanyField(
            key, key, FlyleType(flyle_type), path, source, when_blank, readable=readable
        )

    return build


@pytest.fixture(scope="session")
def enriched_frame(sf_id: Callable[[int], str]) -> Callable[..., pl.DataFrame]:
    """An enriched frame from one mapping per record; ``_status`` and the like may be given."""

    def build(records: Sequence[Mapping[str, Any]], fields: Sequence[CompanyField]) -> pl.DataFrame:
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "Id": pl.String,
            "Name": pl.String,
            "SystemModstamp": pl.Datetime("us", "UTC"),
            "_status": pl.String,
            "_status_reason": pl.String,
            "_merged_into": pl.String,
            "_ambiguous": pl.List(pl.String),
            **{field.source_path: pl.String for field in fields if field.readable},
        }
        rows = [
            {
                "Id": sf_id(number),
                "Name": f"Company {number}",
                "SystemModstamp": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
                "_status": "linked",
                "_ambiguous": [],
                **record,
            }
            for number, record in enumerate(records)
        ]
        return pl.DataFrame(rows, schema=schema)

    return build


@dataclass(frozen=True)
class Outcome:
    """What one conversion gave: parsed documents in row order, and rejections."""

    documents: pl.DataFrame
    custom_fields: list[Any]
    rejected: list[tuple[str, str | None, str | None, str]]


@pytest.fixture(scope="session")
def run(enriched_frame: Callable[..., pl.DataFrame]) -> Callable[..., Outcome]:
    """Records through conversion and document, parsed back with exact numbers."""

    def go(
        records: Sequence[Mapping[str, Any]],
        fields: Sequence[CompanyField],
        *,
        time_zone: str = "Asia/Tokyo",
        retyped: frozenset[str] = frozenset(),
        options: pl.DataFrame | None = None,
    ) -> Outcome:
        frame = enriched_frame(records, fields)
        if options is None:
            described = described_options(fields)
            options = catalog(described, met_values(frame, fields), described.clear())
        converted = convert(frame, fields, time_zone=time_zone, catalog=options, retyped=retyped)
        written = documents(converted.rows, fields)
        return Outcome(
            documents=written,
            custom_fields=[
                None if text is None else json.loads(text, parse_float=Decimal, parse_int=Decimal)
                for text in written["custom_fields"]
            ],
            rejected=converted.rejected.select("external_id", "field", "value", "reason").rows(),
        )

    return go
