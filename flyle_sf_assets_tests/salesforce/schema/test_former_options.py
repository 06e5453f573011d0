"""What is kept of options between two answers of describe."""

import time
from dataclasses import replace

from flyle_sf_assets.salesforce.describe import digest
from flyle_sf_assets.salesforce.schema.former_options import with_former_options
from flyle_sf_assets.salesforce.schema.objects import (
    FieldSchema,
    FormerOption,
    ObjectSchema,
    PicklistValue,
)
from flyle_sf_assets.salesforce.schema.picklists import (
    known_values,
    labels_of,
    labels_under,
    needs_controller,
    options_of,
)


def of(*options: tuple[str, str], others: tuple[FieldSchema, ...] = ()) -> ObjectSchema:
    """An object with the picklist ``Plan``; without options the field is hidden."""
    values = tuple(PicklistValue(value, label, active=True) for value, label in options)
    plan = FieldSchema("Plan", "", "picklist", picklist_values=values)
    fields = (plan, *others) if options else others
    return ObjectSchema("Account", "", queryable=True, fields=fields)


def plan_of(schema: ObjectSchema) -> FieldSchema:
    found = schema.field("Plan")
    assert found is not None
    return found


def after(*answers: ObjectSchema) -> ObjectSchema:
    """What is kept when describe gave these answers one after the other."""
    kept: ObjectSchema | None = None
    for answer in answers:
        kept = with_former_options(answer, kept)
    assert kept is not None
    return kept


def test_the_last_label_that_was_told_is_known_and_not_offered() -> None:
    kept = plan_of(after(of(("a", "A"), ("b", "B")), of(("a", "A"), ("b", "B2")), of(("a", "A"))))
    assert labels_of(kept) == {"a": ("A",), "b": ("B2",)}
    assert [one.value for one in options_of(kept)] == ["a"]


def test_one_that_comes_back_has_the_label_that_it_has_now() -> None:
    first = of(("a", "A"), ("b", "B"))
    kept = plan_of(after(first, of(("a", "A")), of(("b", "new"), ("a", "A"))))
    assert labels_of(kept) == {"a": ("A",), "b": ("new",)}
    assert kept.former_options == ()


def test_the_same_answer_gives_the_same_schema() -> None:
    """A digest that moves without a change would make every company stale again."""
    full, part = of(("a", "A"), ("b", "B"), ("c", "C")), of(("c", "C"))
    kept = after(full, part)
    assert with_former_options(part, kept) == kept
    assert digest(with_former_options(part, kept)) == digest(kept) != digest(part)


def test_values_stay_where_they_stood() -> None:
    """Also when their neighbours go, come, or change places."""
    kept = after(of(*((v, v) for v in "abcde")), of(("b", "b"), ("d", "d")))
    assert known_values(plan_of(kept)) == list("abcde")
    kept = with_former_options(of(("x", "x"), ("b", "b")), kept)
    assert known_values(plan_of(kept)) == list("axbcde")
    kept = with_former_options(of(("e", "e"), ("b", "b")), kept)
    assert sorted(known_values(plan_of(kept))) == list("abcdex")


def test_a_hidden_field_is_remembered_until_it_comes_back() -> None:
    hidden = after(of(("a", "A"), ("b", "B")), of(), of())
    assert hidden.field("Plan") is None
    assert labels_of(plan_of(with_former_options(of(("b", "B")), hidden))) == {
        "b": ("B",),
        "a": ("A",),
    }


def states(*options: tuple[str, str, bytes], countries: str = "JC") -> ObjectSchema:
    """State codes under the countries; one byte of bits says where each is valid."""
    values = tuple(PicklistValue(v, label, active=True, valid_for=b) for v, label, b in options)
    codes = tuple(PicklistValue(one, one, active=True) for one in countries)
    state = FieldSchema("State", "", "picklist", controller_name="C", picklist_values=values)
    country = FieldSchema("C", "", "picklist", picklist_values=codes)
    return ObjectSchema("Account", "", queryable=True, fields=(state, country))


FIRST, SECOND = b"\x80", b"\x40"


def test_of_a_value_listed_twice_each_goes_alone() -> None:
    """The label that is left is no label of the other country's value."""
    both = states(("13", "Tokyo", FIRST), ("13", "Hebei", SECOND))
    kept = after(both, states(("13", "河北", SECOND)))
    state, country = kept.fields
    assert needs_controller(state)
    assert labels_under(state, country) == {"C": {"13": "河北"}, "J": {"13": "Tokyo"}}
    back = with_former_options(states(("13", "東京", FIRST), ("13", "河北", SECOND)), kept)
    assert labels_of(back.fields[0]) == {"13": ("東京", "河北")}


def test_a_controlling_value_that_goes_takes_no_label_with_it() -> None:
    """The bits count what is listed: without J the first bit means C."""
    both = states(("13", "Tokyo", FIRST), ("13", "Hebei", SECOND))
    kept = after(both, states(("13", "Tokyo", b"\x00"), ("13", "Hebei", FIRST), countries="C"))
    assert labels_under(*kept.fields) == {"C": {"13": "Hebei"}, "J": {"13": "Tokyo"}}


def test_a_plain_dependent_value_follows_its_label_wherever_it_is_valid() -> None:
    """Where it may be chosen is no part of what it is called."""
    kept = after(states(("a", "A", b"\xc0")), states(("a", "new", SECOND)))
    assert labels_of(kept.fields[0]) == {"a": ("new",)}
    assert kept.fields[0].former_options == ()


def test_the_format_is_no_content() -> None:
    """A new version of this product alone makes no company stale."""
    schema = of(("a", "A"))
    assert digest(replace(schema, format=7)) == digest(schema)


def test_a_hundred_thousand_former_options_take_their_places_in_linear_time() -> None:
    """A hostile describe listed as many: placing each took minutes in every later refresh."""
    values = [f"v{number}" for number in range(100_000)]
    former = tuple(
        FormerOption(value, value, (), after=before)
        for value, before in zip(values, [None, *values], strict=False)
    )
    field = FieldSchema("Zone", "Zone", "picklist", former_options=former)
    began = time.thread_time()
    assert known_values(field) == values
    assert time.thread_time() - began < 5
