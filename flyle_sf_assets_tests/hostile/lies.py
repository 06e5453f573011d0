"""Answers that have the right form and cannot be true, or are: what a hostile org would say.

Each function changes one body, decoded, and what it needs to know it finds there. What does not
belong here: the table of all mutations (``mutations.py``).
"""

import random
from collections.abc import Callable
from typing import Any

from flyle_sf_assets_tests.hostile.json_mutations import HUGE_STRING, raw

Json = dict[str, Any]
Lie = Callable[[Json, random.Random], None]

WRONG_IDS: dict[str, Any] = {
    "null": None,
    "empty": "",
    "5": "5",
    "a path": "/tmp/0015g00000XyZabAAG",  # noqa: S108 - text of a hostile org
    "dots": "../../../globex/accounts",
    "long": "0" * 5_000,
    "wrong checksum": "0015g00000XyZabAAG",
    "of 15": "0015g00000XyZab",
    "another object's": "00530000001JtaAAAS",
    "a number": 5,
    "an object": {"Id": "0015g00000XyZabAAG"},
}


def _of_records(change: Callable[[list[Json], random.Random], None]) -> Lie:
    def lie(page: Json, rng: random.Random) -> None:
        if page.get("records"):
            change(page["records"], rng)

    return lie


def _one(name: str, *values: Any) -> Lie:
    """One record, not always the first, has another value in this column."""

    def change(records: list[Json], rng: random.Random) -> None:
        record = rng.choice(records)
        if name in record:
            record[name] = rng.choice(values)

    return _of_records(change)


def _all(name: str, *values: Any) -> Lie:
    def change(records: list[Json], rng: random.Random) -> None:
        value = rng.choice(values)
        for record in records:
            if name in record:
                record[name] = value

    return _of_records(change)


def _page(name: str, value: Any) -> Lie:
    def lie(page: Json, _rng: random.Random) -> None:
        if "totalSize" in page:
            page[name] = value

    return lie


def _total(change: Callable[[int], Any]) -> Lie:
    def lie(page: Json, _rng: random.Random) -> None:
        if "totalSize" in page:
            page["totalSize"] = change(page["totalSize"])

    return lie


def _swap_ids(records: list[Json], _rng: random.Random) -> None:
    if len(records) > 1 and "Id" in records[0]:
        records[0]["Id"], records[1]["Id"] = records[1]["Id"], records[0]["Id"]


def _same_twice(records: list[Json], _rng: random.Random) -> None:
    records.append(dict(records[0]))


def _in_another_ones_place(records: list[Json], _rng: random.Random) -> None:
    records[-1] = dict(records[0])


def _without_a_column(records: list[Json], rng: random.Random) -> None:
    name = rng.choice([one for one in records[-1] if one != "attributes"])
    del records[-1][name]


def _with_more(records: list[Json], _rng: random.Random) -> None:
    for record in records:
        record |= {"Extra__c": {"deep": [1]}, "": 1, "Id ": "5"}


def _values_of(value: Any) -> Lie:
    """Every value of a record, but those by which it is known."""

    def change(records: list[Json], rng: random.Random) -> None:
        record = rng.choice(records)
        for name in record:
            if name not in ("Id", "SystemModstamp", "IsDeleted", "attributes"):
                record[name] = value

    return _of_records(change)


def _drop_records(page: Json, _rng: random.Random) -> None:
    """A record is not told, and not counted either: as if it were gone."""
    if page.get("records") and page.get("done"):
        page["records"].pop()
        page["totalSize"] -= 1


def _none_at_all(page: Json, _rng: random.Random) -> None:
    if "records" in page:
        page |= {"records": [], "totalSize": 0, "done": True}
        page.pop("nextRecordsUrl", None)


def _value_in_the_place_of(name: str) -> Lie:
    """The longest text of a record stands where another of its values belongs, too."""

    def change(records: list[Json], _rng: random.Random) -> None:
        for record in records:
            texts = [one for key, one in record.items() if key != "Id" and isinstance(one, str)]
            if name in record and texts:
                record[name] = max(texts, key=len)

    return _of_records(change)


def _values_as_names(records: list[Json], _rng: random.Random) -> None:
    for record in records:
        for name in [one for one, value in record.items() if isinstance(value, str)]:
            record[record.pop(name)] = name


def _value_as_next_page(page: Json, _rng: random.Random) -> None:
    texts = [one for one in (page.get("records") or [{}])[0].values() if isinstance(one, str)]
    if "totalSize" in page and texts:
        page |= {"done": False, "nextRecordsUrl": max(texts, key=len)}


RECORDS: dict[str, Lie] = {
    **{f"id {name}": _one("Id", value) for name, value in WRONG_IDS.items()},
    **{f"owner {name}": _one("OwnerId", v) for name, v in WRONG_IDS.items() if name != "null"},
    "all ids the same": _all("Id", "0015g00000XyZabAAF"),
    "ids swapped": _of_records(_swap_ids),
    "a record twice": _of_records(_same_twice),
    "a record in another one's place": _of_records(_in_another_ones_place),
    "a column missing": _of_records(_without_a_column),
    "more columns": _of_records(_with_more),
    "values null": _values_of(None),
    "values huge": _values_of(HUGE_STRING),
    "values objects": _values_of({"a": 1}),
    "values lists": _values_of([1]),
    "values numbers": _values_of(raw("1e999999999")),
    "values control": _values_of("a\x00\x1b[0m\r\n"),
    "deleted: text": _one("IsDeleted", "maybe", "true", "", None, 2, []),
    "deleted: all": _all("IsDeleted", bool(1)),
    "id of no record": _one("Id", "0015g00000XyZabAAF"),
    "merged into": _all("MasterRecordId", "5", "/etc/passwd", "0015g00000XyZabAAG"),
    "stamp: future": _all("SystemModstamp", "2027-12-31T00:00:00.000+0000"),
    "stamp: year 9999": _all("SystemModstamp", "9999-12-31T23:59:59.999+0000"),
    "stamp: past": _all("SystemModstamp", "1000-01-01T00:00:00.000+0000"),
    "stamp: none": _one("SystemModstamp", None, "", "yesterday", 1767225600, {}),
    "a value in the place of the id": _value_in_the_place_of("Id"),
    "a value in the place of the owner": _value_in_the_place_of("OwnerId"),
    "a value in the place of the stamp": _value_in_the_place_of("SystemModstamp"),
    "a value in the place of IsDeleted": _value_in_the_place_of("IsDeleted"),
    "a value in the place of a day": _value_in_the_place_of("Founded_On__c"),
    "a value in the place of a moment": _value_in_the_place_of("Last_Contact_At__c"),
    "a value in the place of a number": _value_in_the_place_of("Exact_Revenue__c"),
    "a value in the place of a checkbox": _value_in_the_place_of("Is_Strategic__c"),
    "values as names": _of_records(_values_as_names),
    "a value as next page": _value_as_next_page,
    "total too large": _total(lambda n: n + 1),
    "total too small": _total(lambda n: n - 1),
    "total enormous": _total(lambda _n: 10**12),
    "total beyond 64 bits": _total(lambda _n: raw("9" * 40)),
    "total negative": _total(lambda _n: -1),
    "total a float": _total(lambda n: raw(f"{n}.5")),
    "total text": _total(str),
    "not done": _page("done", value=False),
    "done is text": _page("done", "true"),
    "next page elsewhere": _page("nextRecordsUrl", "https://evil.example/services/data"),
    "records null": _page("records", None),
    "records an object": _page("records", {"0": {}}),
    "one record less": _drop_records,
    "no records": _none_at_all,
}
"""What a page of records may say."""


def _of_describe(change: Callable[[Json, random.Random], None]) -> Lie:
    def lie(body: Json, rng: random.Random) -> None:
        if "fields" in body:
            change(body, rng)

    return lie


def _set(name: str, value: Any) -> Lie:
    return _of_describe(lambda body, _rng: body.update({name: value}))


def _field(wanted: str, **values: Any) -> Lie:
    """The members of one field."""

    def change(body: Json, _rng: random.Random) -> None:
        for field in body["fields"]:
            if field["name"] == wanted:
                field.update(values)

    return _of_describe(change)


def _fields(**values: Any) -> Lie:
    """The members of all fields."""

    def change(body: Json, _rng: random.Random) -> None:
        for one in body["fields"]:
            one.update(values)

    return _of_describe(change)


def _without(*names: str) -> Lie:
    def change(body: Json, _rng: random.Random) -> None:
        body["fields"] = [one for one in body["fields"] if one["name"] not in names]

    return _of_describe(change)


def _fields_twice(body: Json, _rng: random.Random) -> None:
    body["fields"] += [{**one, "type": "boolean"} for one in body["fields"]]


def _names_without_case(body: Json, _rng: random.Random) -> None:
    body["fields"] += [{**one, "name": one["name"].upper()} for one in body["fields"][:20]]


def _many_options(body: Json, _rng: random.Random) -> None:
    options = [
        {"value": f"v{n}", "label": f"v{n}", "active": True, "validFor": None}
        for n in range(100_000)
    ]
    next(one for one in body["fields"] if one["type"] == "picklist")["picklistValues"] = options


def _controllers(name: str | None) -> Lie:
    """Every picklist depends on this field; None: on itself."""

    def change(body: Json, _rng: random.Random) -> None:
        for one in body["fields"]:
            if one["type"] in ("picklist", "multipicklist"):
                one |= {"controllerName": name or one["name"], "dependentPicklist": True}

    return _of_describe(change)


def _valid_for(value: Any) -> Lie:
    def change(body: Json, _rng: random.Random) -> None:
        for one in body["fields"]:
            for option in one.get("picklistValues", ()):
                option["validFor"] = value

    return _of_describe(change)


def _options(**values: Any) -> Lie:
    def change(body: Json, _rng: random.Random) -> None:
        for one in body["fields"]:
            for option in one.get("picklistValues", ()):
                option.update(values)

    return _of_describe(change)


DESCRIBES: dict[str, Lie] = {
    "another object's name": _set("name", "Case"),
    "no object's name": _set("name", ""),
    "a name of a path": _set("name", "../../Account"),
    "without fields": _set("fields", []),
    "without Id": _without("Id"),
    "without Name": _without("Name"),
    "without SystemModstamp": _without("SystemModstamp"),
    "without IsDeleted": _without("IsDeleted"),
    "without mapped fields": _without("Industry", "Phone", "OwnerId", "BillingStateCode"),
    "fields twice": _of_describe(_fields_twice),
    "fields twice in capitals": _of_describe(_names_without_case),
    "a field's name empty": _field("Industry", name=""),
    "a field's name SOQL": _field("Industry", name="Id FROM User --"),
    "a field's name long": _field("Industry", name="A" * 5_000),
    "Id is text": _field("Id", type="string"),
    "a type unknown": _field("Industry", type="hologram"),
    "a type empty": _field("Industry", type=""),
    "all types boolean": _fields(type="boolean"),
    "all types double": _fields(type="double", precision=18, scale=2),
    "an absurd length": _fields(length=2**62),
    "a negative length": _fields(length=-1),
    "an absurd scale": _fields(scale=10**9, precision=10**9),
    "a negative scale": _fields(scale=-5, precision=-5),
    "all calculated": _fields(calculated=True),
    "none filterable": _fields(filterable=False),
    "not queryable": _set("queryable", value=False),
    "queryable is text": _set("queryable", "yes"),
    "a lookup to itself": _field("OwnerId", referenceTo=["Account"], relationshipName="Owner"),
    "a lookup to nothing": _field("OwnerId", referenceTo=[]),
    "a lookup to no object": _field("OwnerId", referenceTo=["../x", "", "Id FROM User"]),
    "a lookup to thousands": _field("OwnerId", referenceTo=[f"O{n}__c" for n in range(5_000)]),
    "a lookup without a name": _field("OwnerId", relationshipName=None),
    "all lookups Owner": _fields(relationshipName="Owner"),
    "a picklist of itself": _controllers(None),
    "a picklist of no field": _controllers("Nothing__c"),
    "a picklist of Id": _controllers("Id"),
    "valid for garbage": _valid_for("!!not base64!!"),
    "valid for long": _valid_for("/" * 40_000),
    "valid for a number": _valid_for(5),
    "100,000 options": _of_describe(_many_options),
    "options without values": _options(value=""),
    "options the same": _options(value="same", label="same"),
    "options with NUL": _options(value="a\x00b", label="\x00"),
    "options inactive": _options(active=False),
    "a key prefix null": _set("keyPrefix", None),
    "a key prefix of another": _set("keyPrefix", "005"),
    "a key prefix odd": _set("keyPrefix", "%' OR"),
    "a label of null": _set("label", None),
    "a label huge": _set("label", HUGE_STRING),
    "children of garbage": _set("childRelationships", [{"childSObject": "", "field": ""}]),
}
"""What a describe may say."""
