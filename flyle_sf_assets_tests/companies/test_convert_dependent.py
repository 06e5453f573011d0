"""Picklists whose label the controlling field's value tells: state and country codes."""

from dataclasses import replace
from typing import Any

import polars as pl

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import documents
from flyle_sf_assets.companies.field_map import conversion
from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue

COUNTRY = FieldSchema(
    "Country",
    "国",
    "picklist",
    picklist_values=tuple(PicklistValue(value, value, active=True) for value in ("JP", "CN")),
)
JP, CN = b"\x80", b"\x40"
STATES = (
    PicklistValue("13", "東京都", active=True, valid_for=JP),
    PicklistValue("14", "神奈川県", active=True, valid_for=JP),
    PicklistValue("13", "河北省", active=True, valid_for=CN),
    PicklistValue("11", "北京市", active=True, valid_for=CN),
    PicklistValue("11", "埼玉県", active=True, valid_for=JP),
)


def _dependent(field: CompanyField) -> CompanyField:
    source = replace(field.source, picklist_values=STATES, controller_name="Country")
    return replace(field, source=source, controller=COUNTRY)


def _texts(
    company_field: Any,
    enriched_frame: Any,
    source_type: str,
    *records: tuple[str | None, str | None],
) -> list[str | None]:
    field = _dependent(company_field(source_type, "text", key="state", path="State"))
    rows = enriched_frame([{"State": state} for _, state in records], [field]).with_columns(
        pl.Series("_controller:State", [country for country, _ in records], dtype=pl.String)
    )
    options = pl.DataFrame(schema={"field_key": pl.String, "value": pl.String})
    made = convert(rows, [field], time_zone="Asia/Tokyo", catalog=options)
    assert made.rejected.is_empty()
    assert "Country" in conversion(field, "Asia/Tokyo").en
    written = documents(made.rows, [field])["custom_fields"].str.json_decode(
        pl.Struct({"state": pl.String})
    )
    return [row["state"] for row in written.to_list()]


def test_the_label_follows_the_controlling_value(company_field: Any, enriched_frame: Any) -> None:
    """東京都 became 河北省: describe lists both under 13, and the last one was taken."""
    records = (("JP", "13"), ("CN", "13"), ("JP", "11"), ("CN", "11"))
    texts = _texts(company_field, enriched_frame, "picklist", *records)
    assert texts == ["東京都", "河北省", "埼玉県", "北京市"]


def test_a_value_of_one_label_does_not_ask_the_controlling_value(
    company_field: Any, enriched_frame: Any
) -> None:
    """Salesforce does not enforce every dependency over the API: such records occur."""
    records = (("CN", "14"), (None, "14"), ("JP", None))
    texts = _texts(company_field, enriched_frame, "picklist", *records)
    assert texts == ["神奈川県", "神奈川県", None]


def test_where_nothing_tells_the_label_the_value_stands_for_itself(
    company_field: Any, enriched_frame: Any
) -> None:
    """A country that is blank, unknown or of no such state: a guess would be a false company."""
    records = ((None, "13"), ("US", "13"), ("JP", "99"))
    assert _texts(company_field, enriched_frame, "picklist", *records) == ["13", "13", "99"]


def test_several_values_have_their_labels_in_the_orgs_order(
    company_field: Any, enriched_frame: Any
) -> None:
    """A dependent multi-select picklist follows the same rule, value by value."""
    records = (("JP", "11;13;14"), ("CN", "13;11"), (None, "14;13"), ("JP", None))
    texts = _texts(company_field, enriched_frame, "multipicklist", *records)
    assert texts == ["東京都; 神奈川県; 埼玉県", "河北省; 北京市", "13; 神奈川県", None]
