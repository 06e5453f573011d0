"""Conditions of the settings in SOQL, judged by an org whose records are known."""

import operator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from flyle_sf_assets.errors import FieldRefused, UsageError
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.conditions import operators_of, where
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import Operator, Source
from flyle_sf_assets_tests.salesforce.room import Room

CONTACT = "Last_Contact_At__c"
TOKYO = ZoneInfo("Asia/Tokyo")
Schemas = dict[str, ObjectSchema]


def source(*conditions: Any, base: str = "Account", **more: Any) -> Source:
    """Settings with these conditions."""
    return Source.model_validate({"object": base, "conditions": list(conditions), **more})


def text(schemas: Schemas, *conditions: Any, **more: Any) -> str:
    """The conditions in SOQL."""
    found = where(source(*conditions, **more), schemas, TOKYO)
    return found.text if found else ""


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("Name", "eq", "O'Neil", r"Name = 'O\'Neil'"),
        ("Name", "ne", "x", "Name != 'x'"),
        ("Name", "lt", "m", "Name < 'm'"),
        ("Name", "in", ["a", "b"], "Name IN ('a','b')"),
        ("Name", "not_in", ["a"], "Name NOT IN ('a')"),
        ("Name", "contains", "100%", r"Name LIKE '%100\%%'"),
        ("Name", "starts_with", "a_b", r"Name LIKE 'a\_b%'"),
        ("Name", "is_null", None, "Name = null"),
        ("Name", "not_null", None, "Name != null"),
        ("Type", "in", ["Customer"], "Type IN ('Customer')"),
        ("NumberOfEmployees", "ge", "1e3", "NumberOfEmployees >= 1000"),
        ("Exact_Revenue__c", "gt", "1234567890123456.78", "Exact_Revenue__c > 1234567890123456.78"),
        ("Score__c", "in", ["5", "7.5"], "Score__c IN (5,7.5)"),
        ("Is_Strategic__c", "eq", True, "Is_Strategic__c = TRUE"),
        ("Is_Strategic__c", "ne", "false", "Is_Strategic__c != FALSE"),
        (
            "Regions__c",
            "includes",
            ["East;West", "North"],
            "Regions__c INCLUDES ('East;West','North')",
        ),
        ("Regions__c", "excludes", ["East"], "Regions__c EXCLUDES ('East')"),
        ("Regions__c", "in", ["East", "West"], "(Regions__c = 'East' OR Regions__c = 'West')"),
        ("Founded_On__c", "ge", "1869-05-04", "Founded_On__c >= 1869-05-04"),
        ("Founded_On__c", "lt", {"date": "LAST_N_DAYS:365"}, "Founded_On__c < LAST_N_DAYS:365"),
        (
            "Founded_On__c",
            "not_in",
            ["2024-01-01", {"date": "TODAY"}],
            "(Founded_On__c != 2024-01-01 AND Founded_On__c != TODAY)",
        ),
        (
            "Last_Contact_At__c",
            "ge",
            "2024-01-01T09:00:00+09:00",
            "Last_Contact_At__c >= 2024-01-01T00:00:00Z",
        ),
        (
            "Last_Contact_At__c",
            "ge",
            "2024-01-01 09:00:00",
            "Last_Contact_At__c >= 2024-01-01T00:00:00Z",
        ),
        ("Last_Contact_At__c", "gt", "2024-01-01", "Last_Contact_At__c >= 2024-01-01T15:00:00Z"),
        ("Last_Contact_At__c", "le", "2024-01-01", "Last_Contact_At__c < 2024-01-01T15:00:00Z"),
        (
            "Last_Contact_At__c",
            "eq",
            "2024-01-01",
            f"({CONTACT} >= 2023-12-31T15:00:00Z AND {CONTACT} < 2024-01-01T15:00:00Z)",
        ),
        ("Last_Contact_At__c", "eq", {"date": "YESTERDAY"}, "Last_Contact_At__c = YESTERDAY"),
        ("Opens_At__c", "ge", "09:30", "Opens_At__c >= 09:30:00.000Z"),
        ("ParentId", "eq", "001D000000IRFma", "ParentId = '001D000000IRFmaIAH'"),
        ("owner.name", "eq", "x", "Owner.Name = 'x'"),
        ("Owner.Manager.Profile.Name", "eq", "x", "Owner.Manager.Profile.Name = 'x'"),
    ],
)
def test_each_operator_is_written_for_its_type(
    schemas: Schemas, field: str, op: str, value: Any, expected: str
) -> None:
    """Dates stand bare, text quoted, ids with 18 characters, days in the tenant's zone."""
    assert text(schemas, {"field": field, "op": op, "value": value}) == expected


def test_every_operator_of_every_filterable_type_is_understood(org: Org, schemas: Schemas) -> None:
    """What `operators_of` offers, the org can parse: nothing is offered that fails later."""
    values = {
        "date": "2024-01-01", "datetime": "2024-01-01", "time": "10:00", "boolean": True,
        "id": "001D000000IRFma", "reference": "001D000000IRFma",
    }  # fmt: skip
    account, asked = schemas["Account"], 0
    many = {Operator.IN, Operator.NOT_IN, Operator.INCLUDES, Operator.EXCLUDES}
    seen_types = set()
    for field in account.fields:
        if field.type in seen_types:
            continue
        seen_types.add(field.type)
        statements = []
        for op in sorted(operators_of(field)):
            one = values.get(field.type, "5")
            value = None if op in (Operator.IS_NULL, Operator.NOT_NULL) else one
            condition = {"field": field.name, "op": op, "value": [value] if op in many else value}
            found = where(source(condition), schemas, TOKYO)
            statements.append(soql.count(account, found))
        assert len(org.reader.counts(statements)) == len(statements)
        asked += len(statements)
    assert asked > 80


def test_blanks_are_found_by_ne_and_not_by_eq(room: Room, org: Org, schemas: Schemas) -> None:
    """SOQL's rule, told in the docstring: a blank field is "not equal" to any value."""
    names = {"blank": None, "hot": "Hot", "cold": "Cold"}
    for name, rating in names.items():
        room.there.insert("Account", {"Name": f"R {name}", "Rating": rating})

    def found(op: str, value: Any) -> set[str]:
        conditions = source(
            {"field": "Name", "op": "starts_with", "value": "R "},
            {"field": "Rating", "op": op, "value": value},
        )
        account = schemas["Account"]
        name = account.field("Name")
        assert name
        statement = soql.select(account, [name], where(conditions, schemas, TOKYO))
        return set(org.reader.rows(statement)["Name"].str.strip_prefix("R "))

    assert found("eq", "hot") == {"hot"}
    assert found("ne", "Hot") == {"blank", "cold"}
    assert found("not_in", ["Hot"]) == {"blank", "cold"}
    assert found("is_null", None) == {"blank"}


def test_a_day_on_a_datetime_field_is_the_tenants_day(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """An oracle in Python: the records whose moment, in Tokyo, falls on that day."""
    moments = [
        datetime(2024, 3, 9, 14, 59, 59, tzinfo=UTC),
        datetime(2024, 3, 9, 15, 0, 0, tzinfo=UTC),
        datetime(2024, 3, 10, 14, 59, 59, tzinfo=UTC),
        datetime(2024, 3, 10, 15, 0, 0, tzinfo=UTC),
    ]
    for moment in moments:
        room.there.insert(
            "Account", {"Name": f"D {moment.isoformat()}", "Last_Contact_At__c": moment}
        )
    account = schemas["Account"]
    name = account.field("Name")
    assert name
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        holds = getattr(operator, op)
        conditions = source(
            {"field": "Name", "op": "starts_with", "value": "D "},
            {"field": "Last_Contact_At__c", "op": op, "value": "2024-03-10"},
        )
        statement = soql.select(account, [name], where(conditions, schemas, TOKYO))
        wanted = {f"D {m.isoformat()}" for m in moments if holds(m.astimezone(TOKYO).day, 10)}
        assert set(org.reader.rows(statement)["Name"]) == wanted, op


def test_one_to_one_objects_are_asked_by_semi_join(room: Room, org: Org, schemas: Schemas) -> None:
    """SOQL has no path down to them; where there is none, blank-like conditions hold."""
    ids = room.there.insert_many("Account", ({"Name": f"C {n}"} for n in ("pro", "free", "none")))
    for account_id, seats in zip(ids, (50, 1), strict=False):
        room.there.insert("Contract_Info__c", {"Account__c": account_id, "Seats__c": seats})
    deal = {"Name": "O", "StageName": "Proposal", "CloseDate": "2026-01-01"}
    room.there.insert("Opportunity", {**deal, "AccountId": ids[0]})
    contract = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account"}
    extra = [{**contract, "as": "Contract"}]
    account = schemas["Account"]
    name = account.field("Name")
    assert name

    def found(op: str, value: Any) -> set[str]:
        conditions = source(
            {"field": "Name", "op": "starts_with", "value": "C "},
            {"field": "contract.Seats__c", "op": op, "value": value},
            one_to_one=extra,
        )
        statement = soql.select(account, [name], where(conditions, schemas, TOKYO))
        return set(org.reader.rows(statement)["Name"].str.strip_prefix("C "))

    assert found("ge", "50") == {"pro"}
    assert found("ne", "50") == {"free", "none"}
    assert found("is_null", None) == {"none"}
    assert found("not_null", None) == {"pro", "free"}
    through_account = {"field": "Account.Contract.Seats__c", "op": "ge", "value": "2"}
    on_deals = where(source(through_account, base="Opportunity", one_to_one=extra), schemas, TOKYO)
    assert org.reader.count(soql.count(schemas["Opportunity"], on_deals)) == 1
    with pytest.raises(UsageError, match="semi-join"):
        text(
            schemas, {"any": [{**through_account, "field": "Contract.Seats__c"}]}, one_to_one=extra
        )


def test_alternatives_are_grouped(schemas: Schemas) -> None:
    """All conditions hold, and of a group at least one."""
    written = text(
        schemas,
        {"field": "Name", "op": "not_null"},
        {
            "any": [
                {"field": "Type", "op": "eq", "value": "A"},
                {"field": "Rating", "op": "is_null"},
            ]
        },
    )
    assert written == "(Name != null AND (Type = 'A' OR Rating = null))"
    assert text(schemas) == ""


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("Memo__c", "eq", "x"),
        ("BillingAddress", "eq", "x"),
        ("Is_Strategic__c", "gt", True),
        ("Is_Strategic__c", "is_null", None),
        ("Is_Strategic__c", "eq", "yes"),
        ("NumberOfEmployees", "contains", "1"),
        ("NumberOfEmployees", "eq", "many"),
        ("NumberOfEmployees", "eq", {"date": "TODAY"}),
        ("Founded_On__c", "eq", "2024-01-01T10:00:00Z"),
        ("Regions__c", "contains", "E"),
        ("ParentId", "eq", "acme"),
        ("ParentId", "contains", "001"),
        ("Name", "eq", None),
        ("Name", "eq", ["a", "b"]),
        ("Name", "eq", True),
        ("Name", "is_null", "x"),
        ("Name", "contains", ""),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    schemas: Schemas, field: str, op: str, value: Any
) -> None:
    """The error names the condition and the operators that the field takes."""
    with pytest.raises(UsageError) as caught:
        text(schemas, {"field": field, "op": op, "value": value})
    assert caught.value.code == "condition_invalid"
    assert field in caught.value.tried.en


def test_a_condition_on_a_hidden_field_names_it(schemas: Schemas) -> None:
    """The scope cannot be told without it: the link says which field, and nothing is read."""
    with pytest.raises(FieldRefused) as caught:
        text(schemas, {"field": "Owner.Secret__c", "op": "eq", "value": "x"})
    assert caught.value.field == "Owner.Secret__c"


@pytest.mark.parametrize("kind", ["address", "location", "base64", "anyType", "json"])
def test_compound_and_binary_fields_have_no_operators(kind: str) -> None:
    """Whatever describe says of filterable."""
    assert operators_of(FieldSchema("X", "X", kind)) == frozenset()


def test_values_reach_the_org_unchanged(room: Room, org: Org, schemas: Schemas) -> None:
    """Names with quotes, newlines and emoji find exactly their own record."""
    account = schemas["Account"]
    name = account.field("Name")
    assert name
    for known in room.there.records("Account"):
        value = str(known["Name"])
        conditions = where(source({"field": "Name", "op": "eq", "value": value}), schemas, TOKYO)
        frame = org.reader.rows(soql.select(account, [name], conditions))
        assert frame.equals(pl.DataFrame({"Name": [value]}))
