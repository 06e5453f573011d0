"""Amounts whose currency would not arrive: several currencies, and no code mapped beside them.

Source: Salesforce Help, "Implications of Enabling Multiple Currencies": objects with amounts then
have the field CurrencyIsoCode, and an amount is in its record's currency.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flyle_sf_assets.check.names import named_field
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import FieldMapping
from flyle_sf_assets.settings.wording import item_path

CURRENCY_CODE = "CurrencyIsoCode"


@dataclass(frozen=True, slots=True)
class Amount:
    """One mapped field: the place of its mapping, its path, and the object that it is of."""

    index: int
    path: str
    field: FieldSchema
    object: ObjectSchema


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A currency code that is not mapped: its path, its field, and the amounts that need it."""

    path: str
    field: FieldSchema
    amounts: tuple[Amount, ...]


def missing_codes(amounts: Iterable[Amount], mapped: Iterable[str]) -> tuple[MissingCode, ...]:
    """The codes that are missing beside these mapped fields, one for each object on a path."""
    there = {path.lower() for path in mapped}
    found: dict[str, MissingCode] = {}
    for one in amounts:
        code = one.object.field(CURRENCY_CODE)
        if one.field.type != "currency" or code is None:
            continue
        path = ".".join((*one.path.split(".")[:-1], code.name))
        if path.lower() not in there:
            before = found[path].amounts if path in found else ()
            found[path] = MissingCode(path, code, (*before, one))
    return tuple(found.values())


def currency_problems(
    mapping: tuple[FieldMapping, ...], plan: ReadPlan, schemas: Mapping[str, ObjectSchema | None]
) -> Iterator[Problem]:
    """A warning for each code that is missing, at the first amount that needs it."""
    known = {name.lower(): schema for name, schema in schemas.items()}
    amounts = [
        Amount(index, one.from_, leaf.field, schema)
        for index, one in enumerate(mapping)
        if (leaf := plan.leaves.get(one.from_)) is not None
        and (schema := known.get(leaf.node.object.lower())) is not None
    ]
    for missing in missing_codes(amounts, (one.from_ for one in mapping)):
        yield _problem(missing)


def _problem(missing: MissingCode) -> Problem:
    names = [named_field(one.field) for one in missing.amounts]
    ja, en = "、".join(name.ja for name in names), ", ".join(name.en for name in names)
    return Problem(
        "currency_without_code",
        f"{item_path('mapping', missing.amounts[0].index)}.from",
        Text(
            f"この組織は複数の通貨を使います。「{ja}」の金額は取り込まれますが、どの通貨かは"
            "取り込まれません。",
            f"This org uses several currencies. The amounts of {en} arrive without their currency.",
        ),
        Text(
            f"通貨の項目({missing.path})も対応づけてください。",
            f"Map the currency as well: {missing.path}.",
        ),
        severity="warning",
    )
