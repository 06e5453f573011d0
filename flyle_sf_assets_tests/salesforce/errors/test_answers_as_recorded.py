"""The client reads what real orgs were recorded to answer: describe, cookies, locators, limits."""

from datetime import timedelta

import pytest
import requests

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, NotModified, describe, describe_all
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets_tests.salesforce.room import Room

TRIED = Text("試しました", "Tried")


def described(org: Org, name: str) -> ObjectSchema:
    found = describe(org.session, name)
    assert isinstance(found, Described)
    return found.schema


@pytest.mark.parametrize("names", [["Account"], ["Account", "Opportunity"]])
def test_last_modified_is_read_alone_and_inside_composite(
    room: Room, org: Org, names: list[str]
) -> None:
    """``Wed, 6 May 2026 …``: days are not padded. Sent back, it asks for nothing twice."""
    changed = room.there.schema_changed_at["account"]
    alone = describe(org.session, "Account")
    inside = describe_all(org.session, names)["Account"]
    assert isinstance(alone, Described)
    assert isinstance(inside, Described)
    assert alone.last_modified == inside.last_modified == changed
    again = describe_all(org.session, names, {"Account": changed})
    assert isinstance(again["Account"], NotModified)
    room.there.relabel_field("Account", "Phone", "代表電話")
    again = describe_all(org.session, names, {"Account": changed})
    assert isinstance(again["Account"], Described)


def test_cookies_of_an_answer_are_not_kept(org: Org) -> None:
    """Every answer sets some; sent back they would tie sessions of several tenants together."""
    seen: list[bool] = []

    def consume(response: requests.Response) -> None:
        seen.append("BrowserId" in response.headers["Set-Cookie"])
        seen.append("Cookie" in response.request.headers)

    for _ in range(2):
        org.session.fetch("GET", org.session.data_path("/limits"), consume, tried=TRIED)
    assert seen == [True, False, True, False]


@pytest.mark.parametrize("prefix", ["0r8", "01g"])
def test_a_locator_of_either_kind_is_followed(room: Room, org: Org, prefix: str) -> None:
    """``0r8…-2000`` now, ``01g…-2000`` before: nothing but the address that came is used."""
    room.there.rest_page_rows, room.there.locator_prefix = 2, prefix
    schema = described(org, "Account")
    name = schema.field("Name")
    assert name is not None
    rows = org.reader.rows(soql.select(schema, [name]))
    assert rows.height == len(room.there.ids("Account")) > 4


def test_own_calls_are_counted_though_the_header_lags(room: Room, org: Org) -> None:
    """Calls 12 s apart were told the same number: the ledger counts calls, not the header."""
    room.there.limit_info_lag_s = 3600
    before = room.counted
    for _ in range(4):
        described(org, "Account")
    usage = org.session.limit_usage
    assert usage is not None
    assert usage.used < room.counted
    assert org.session.api_calls == room.counted - before == 4


def test_what_has_no_relationship_name_is_read_and_not_followed(org: Org) -> None:
    """Opportunity.ContactId, and most child relationships of a user."""
    contact = described(org, "Opportunity").field("ContactId")
    assert contact is not None
    assert (contact.reference_to, contact.relationship_name) == (("Contact",), None)
    assert described(org, "Opportunity").lookup("Contact") is None
    assert None in {c.relationship_name for c in described(org, "User").child_relationships}


def test_a_describe_of_yesterday_is_not_asked_again(room: Room, org: Org) -> None:
    """The moment goes back as the standard writes it, with a padded day."""
    later = room.there.schema_changed_at["account"] + timedelta(days=1)
    assert isinstance(describe(org.session, "Account", later), NotModified)
