"""Inputs of the setup's rows: what people type and paste is understood, or stopped at the input."""

import html
import json
import re

import pytest

from flyle_sf_assets.choosing.widgets import WidgetKind
from flyle_sf_assets.console.pages.row_inputs import value_as_meant
from flyle_sf_assets.store.tenants.settings_drafts import get_draft
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor
from flyle_sf_assets_tests.console.languages import faults_of_page

MEANT: list[tuple[WidgetKind, str, str]] = [
    ("number", "1,000,000", "1000000"),
    ("number", "１，０００，０００", "1000000"),
    ("number", " ¥1,000,000 ", "1000000"),
    ("number", "１２０円", "120"),
    ("number", "-1 234 567.89", "-1234567.89"),
    ("number", "−５", "-5"),
    ("number", "20%", "20"),
    ("number", "0.10", "0.10"),
    ("number", "12345678901234567890.123", "12345678901234567890.123"),
    ("date", "２０２４－０１－３１", "2024-01-31"),
    ("date", "2024/1/5", "2024-01-05"),
    ("datetime", "2024年12月31日", "2024-12-31"),
    ("time", "０９：３０：００", "09:30:00"),
    ("id", " ００１００００００００００００１ ", "0010000000000001"),
]


@pytest.mark.parametrize(("kind", "typed", "meant"), MEANT)
def test_a_value_is_taken_as_people_type_it(kind: WidgetKind, typed: str, meant: str) -> None:
    """Japanese keyboards type full width, and spreadsheets write separators."""
    assert value_as_meant(typed, kind) == meant


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "ＡＢＣ株式会社"),
        ("picklist", "１，０００"),
        ("number", "1,00"),
        ("number", "1.000.000"),
        ("number", "about 5"),
        ("number", "1,000,00"),
        ("date", "31.1.2024"),
    ],
)
def test_what_is_unclear_is_never_guessed(kind: WidgetKind, typed: str) -> None:
    """A text's full-width letters may be those of the records; 1,00 may be one or a hundred."""
    assert value_as_meant(typed, kind) == typed


@pytest.fixture
def me(street: Street) -> Visitor:
    """An administrator, with a draft that begins at the current settings."""
    visitor = street.house.visitor("acme")
    visitor.post("/setup/discard")
    return visitor


def _drafted(street: Street) -> dict[str, object]:
    with street.house.installation.database.tenant("acme") as tx:
        draft = get_draft(tx)
    assert draft is not None
    found: dict[str, object] = json.loads(draft.document)
    return found


def _condition(value: str, field: str = "AnnualRevenue", op: str = "gt") -> dict[str, str]:
    row = {"c0.field": field, "c0.op": op, "c0.value": value, "c0.group": "0"}
    return {"shown": "1", **row}


def test_a_number_with_separators_goes_on(street: Street, me: Visitor) -> None:
    """`1,000,000` was refused on the last page, in words of a settings file."""
    form = _condition("１，０００，０００")
    counted = me.post("/setup/conditions/count", form).text
    assert re.search(r'count-number">\d', counted), counted
    answer = me.post("/setup/conditions", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup/mapping")
    source = _drafted(street)["source"]
    assert isinstance(source, dict)
    assert source["conditions"] == [{"field": "AnnualRevenue", "op": "gt", "value": "1000000"}]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("value", ["about a million", "", "1,00"])
def test_a_wrong_value_stops_at_its_input(street: Street, value: str, language: str) -> None:
    """次へ went on, and the error came two pages later."""
    me = street.house.visitor("acme", language=language)
    answer = me.post("/setup/conditions", _condition(value))
    assert answer.status_code == 422
    [rows] = re.findall(r'hx-get="(/setup/conditions/rows\?checked=1)"', answer.text)
    shown = me.get(rows).text
    assert re.search(r'id="c0-value"[^>]*aria-invalid="true"', shown)
    assert re.search(r'aria-describedby="c0-value-error', shown)
    error = re.search(r'id="c0-value-error">([^<]+)<', shown)
    assert error
    assert not re.search(r"\bop:|\bvalue:|is_null|\{date", error[1]), error[1]
    assert f'value="{html.escape(value)}"' in shown, "what was typed stays"
    assert not faults_of_page(answer.text, language)
    assert not faults_of_page(shown, language)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    ("name", "value"), [("to", "Bad Key"), ("to", ""), ("label", ""), ("type", "checkbox")]
)
def test_a_wrong_mapping_stops_at_its_input(
    street: Street, name: str, value: str, language: str
) -> None:
    """The page said `mapping[0].to` above all rows."""
    me = street.house.visitor("acme", language=language)
    row = {"from": "AnnualRevenue", "to": "revenue", "label": "売上", "type": "number", name: value}
    answer = me.post("/setup/mapping", {"shown": "1"} | {f"m0.{k}": v for k, v in row.items()})
    assert answer.status_code == 422
    shown = me.get("/setup/mapping/rows").text
    if name == "type":  # the list offers only types that fit, and chooses one of them
        assert re.search(r'<option value="number" selected>', shown)
    else:
        assert re.search(rf'id="m0-{name}"[^>]*aria-invalid="true"', shown)
        assert re.search(rf'id="m0-{name}-error">[^<]+<', shown)
    assert "mapping[0]" not in answer.text + shown
    assert not faults_of_page(answer.text, language)
    assert not faults_of_page(shown, language)
    me.post("/setup/discard")
