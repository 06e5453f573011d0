"""Describe: what the user may see, by few calls, kept as a value with a stable digest."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import (
    Described,
    NotModified,
    describe,
    describe_all,
    digest,
)
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.schema.stored import from_bytes, to_bytes
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.salesforce.room import Room


def described(org: Org, name: str = "Account") -> ObjectSchema:
    """The schema of one object."""
    found = describe(org.session, name)
    assert isinstance(found, Described)
    return found.schema


def test_fields_come_with_what_the_other_rooms_need(org: Org) -> None:
    """Compared with Salesforce's own JSON, as simple_salesforce reads it."""
    schema = described(org)
    told = org.simple_salesforce().restful("sobjects/Account/describe")
    assert told is not None
    assert (schema.name, schema.label, schema.key_prefix) == ("Account", told["label"], "001")
    assert [f.name for f in schema.fields] == [f["name"] for f in told["fields"]]
    for field, raw in zip(schema.fields, told["fields"], strict=True):
        assert (field.type, field.label, field.scale) == (raw["type"], raw["label"], raw["scale"])
        assert field.filterable is raw["filterable"]
        assert field.calculated is raw["calculated"]
        assert field.reference_to == tuple(raw["referenceTo"])
        assert field.relationship_name == raw["relationshipName"]
        values = [(v.value, v.label, v.active) for v in field.picklist_values]
        assert values == [(v["value"], v["label"], v["active"]) for v in raw["picklistValues"]]
    exact = schema.field("exact_revenue__c")
    assert exact is not None
    assert (exact.precision, exact.scale) == (18, 2)
    assert schema.lookup("owner") == schema.field("OwnerId")
    assert any(child.child_object == "Opportunity" for child in schema.child_relationships)


def test_hidden_fields_are_not_there(room: Room, org: Org) -> None:
    """Field-level security leaves them out without a word."""
    assert described(org).field("Rating")
    room.there.hide_field("Account", "Rating")
    assert described(org).field("Rating") is None


def test_several_objects_cost_one_call(room: Room, org: Org) -> None:
    """Metadata checks of thousands of tenants come out of the same allowance as their rows."""
    names = ["Account", "Opportunity", "User", "Nope__c", "Contract_Info__c"]
    found = describe_all(org.session, names)
    assert org.api_calls == room.counted == 1
    assert list(found) == names
    assert found["Nope__c"] is None
    for name in set(names) - {"Nope__c"}:
        one = found[name]
        assert isinstance(one, Described)
        assert one.schema == described(org, name)


def test_an_unknown_object_is_refused_by_name(room: Room, org: Org) -> None:
    """404 says only "the requested resource does not exist"."""
    room.there.hide_object("Opportunity")
    for name in ("Nope__c", "Opportunity"):
        with pytest.raises(errors.ObjectRefused) as caught:
            describe(org.session, name)
        assert caught.value.object == name
        assert describe_all(org.session, [name]) == {name: None}


def test_a_failed_describe_is_not_an_unknown_object(room: Room, org: Org) -> None:
    """Treating an outage as "gone" would blank every field of that object."""
    room.breaks(FaultKind.STATUS, "/composite", status=503, times=9)
    with pytest.raises(errors.OrgUnavailable):
        describe_all(org.session, ["Account"])


def test_nothing_new_is_said_in_few_bytes(room: Room, org: Org) -> None:
    """If-Modified-Since: 304, alone and in a composite."""
    now = room.there.now() + timedelta(seconds=1)
    assert describe(org.session, "Account", now) == NotModified()
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    found = describe_all(org.session, ["Account", "User"], {"Account": now, "User": long_ago})
    assert found["Account"] == NotModified()
    assert isinstance(found["User"], Described)


def test_a_schema_survives_being_kept(org: Org) -> None:
    """It waits in the database between two runs; a later version may have more members."""
    schema = described(org)
    assert from_bytes(to_bytes(schema)) == schema
    assert digest(from_bytes(to_bytes(schema))) == digest(schema)
    older = msgspec.json.decode(to_bytes(schema))
    del older["fields"][0]["html_formatted"]
    assert from_bytes(msgspec.json.encode({**older, "new_member": 1})) == schema


def test_the_digest_moves_with_any_change_but_not_with_the_order_of_fields(org: Org) -> None:
    """It is the data version by which Dagster calls a tenant's assets stale."""
    schema = described(org)
    shuffled = replace(schema, fields=tuple(reversed(schema.fields)))
    assert digest(shuffled) == digest(schema)
    picklist = next(f for f in schema.fields if len(f.picklist_values) > 1)
    for changed in (
        replace(picklist, label="new"),
        replace(picklist, picklist_values=tuple(reversed(picklist.picklist_values))),
        replace(picklist, filterable=False),
    ):
        fields = tuple(changed if f is picklist else f for f in schema.fields)
        assert digest(replace(schema, fields=fields)) != digest(schema)
    assert digest(replace(schema, fields=schema.fields[1:])) != digest(schema)


def test_a_help_text_is_no_change_of_an_object(org: Org) -> None:
    """People read it; a version that did not know help texts yet made the same digest."""
    schema = described(org)
    helped = tuple(replace(one, help_text='"税込み",":') for one in schema.fields)
    assert digest(replace(schema, fields=helped)) == digest(schema)
    older = msgspec.json.decode(to_bytes(replace(schema, format=0)))
    for one in older["fields"]:
        del one["help_text"]
    older["fields"].sort(key=lambda one: one["name"])
    older["child_relationships"].sort(key=lambda one: (one["child_object"], one["field"]))
    assert hashlib.sha256(msgspec.json.encode(older)).hexdigest() == digest(schema)


def test_an_object_with_a_file_is_described(org: Org) -> None:
    """Its type is ``base64``: a type of letters alone was expected, and Attachment refused."""
    found = describe(org.session, "Attachment")
    assert isinstance(found, Described)
    assert "base64" in {field.type for field in found.schema.fields}


def test_a_name_that_is_no_name_is_never_asked_for(org: Org) -> None:
    """It would become a path of its own."""
    with pytest.raises(ValueError, match="no name"):
        describe(org.session, "../limits")
