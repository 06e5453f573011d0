"""Forms into drafts and back: what was typed is neither lost nor turned into something else."""

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from flyle_sf_assets.console.request import Form, parsed
from flyle_sf_assets.console.setup_forms import (
    ConditionRow,
    MappingRow,
    condition_items,
    conditions_of,
    conditions_typed,
    mapping_items,
    mappings_of,
    mappings_typed,
    regrouped,
)
from flyle_sf_assets.settings.condition_rules import LIST_OPERATORS, VALUELESS_OPERATORS
from flyle_sf_assets.settings.drafts import new_draft, validate_draft, with_conditions, with_mapping
from flyle_sf_assets.settings.models import Operator

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=9
).map(str.strip)


def _form(fields: list[tuple[str, str]]) -> Form:
    """As a browser would send it."""
    form = parsed(urlencode(fields))
    assert form is not None
    return form


@st.composite
def condition_rows(draw: st.DrawFn) -> tuple[ConditionRow, ...]:
    """Rows that a person can have typed, in groups side by side."""
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        op = draw(st.sampled_from(list(Operator)))
        values: tuple[str, ...] = ()
        literal, count = "", ""
        if op in LIST_OPERATORS:
            values = tuple(dict.fromkeys(draw(st.lists(WORDS.filter(bool), max_size=3))))
        elif op not in VALUELESS_OPERATORS:
            literal = draw(st.sampled_from(["", "TODAY", "LAST_N_DAYS"]))
            count = "90" if literal == "LAST_N_DAYS" else ""
            values = () if literal else (draw(WORDS.filter(bool)),)
        rows.append(ConditionRow("Name", op.value, values, literal, count, draw(st.integers(0, 2))))
    return regrouped(tuple(rows))


@given(condition_rows())
def test_conditions_come_back_as_they_were_typed(rows: tuple[ConditionRow, ...]) -> None:
    """A draft that was kept must show what was typed, whatever it is."""
    fields = []
    for place, row in enumerate(rows):
        fields += [(f"c{place}.field", row.field), (f"c{place}.op", row.op)]
        fields += [(f"c{place}.group", str(row.group)), (f"c{place}.literal", row.literal)]
        fields += [(f"c{place}.count", row.count)]
        fields += [(f"c{place}.value", value) for value in row.values]
    typed = conditions_typed(_form(fields))
    assert typed == rows
    draft = with_conditions(new_draft("acme", "acme", "enterprise"), condition_items(typed))
    assert conditions_of(draft) == rows


@given(
    st.lists(
        st.tuples(WORDS, WORDS, st.sampled_from(["", "text", "number"]), st.booleans()), max_size=4
    )
)
def test_mappings_come_back_as_they_were_typed(items: list[tuple[str, str, str, bool]]) -> None:
    rows = tuple(
        MappingRow("Name", to, label, kind, "keep" if keeps else "blank")
        for to, label, kind, keeps in items
    )
    fields = [
        (f"m{place}.{name}", value)
        for place, row in enumerate(rows)
        for name, value in (
            ("from", row.source),
            ("to", row.to),
            ("label", row.label),
            ("type", row.type),
            ("when_blank", row.when_blank),
        )
    ]
    typed = mappings_typed(_form(fields))
    assert typed == rows
    draft = with_mapping(new_draft("acme", "acme", "enterprise"), mapping_items(typed))
    assert mappings_of(draft) == rows


def test_rows_keep_their_order_beyond_ten() -> None:
    """``m10`` sorted as a text stands before ``m2``, and a mapping changes its place."""
    fields = [(f"m{n}.from", f"F{n}") for n in range(12)]
    assert [row.source for row in mappings_typed(_form(fields))] == [f"F{n}" for n in range(12)]


def test_alternatives_are_judged_as_in_a_file() -> None:
    """Two rows of one group are ``any``; a group of one is a plain condition."""
    rows = (
        ConditionRow("Type", "eq", ("Customer",), "", "", 0),
        ConditionRow("Industry", "eq", ("IT",), "", "", 0),
        ConditionRow("IsActive__c", "eq", ("true",), "", "", 1),
    )
    assert condition_items(rows) == [
        {
            "any": [
                {"field": "Type", "op": "eq", "value": "Customer"},
                {"field": "Industry", "op": "eq", "value": "IT"},
            ]
        },
        {"field": "IsActive__c", "op": "eq", "value": True},
    ]
    draft = with_conditions(new_draft("acme", "acme", "enterprise"), condition_items(rows))
    assert not [p for p in validate_draft(draft).problems if p.path.startswith("source.conditions")]


def test_a_flood_of_fields_is_no_form() -> None:
    assert parsed("&".join(f"c{n}.field=x" for n in range(6_000))) is None
