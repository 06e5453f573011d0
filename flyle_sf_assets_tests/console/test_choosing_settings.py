"""The field picker, one-to-one objects, and settings copied from another workspace."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flyle_sf_assets.console.tokens import issue_token
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets.tenants.settings_drafts import kept_draft, required
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor
from flyle_sf_assets_tests.postgres import admin

NEXT = re.compile(r'hx-get="(/setup/fields\?[^"]*depth=[^"]*)"')


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Account-based tenant."""
    return street.house.visitor("acme")


@pytest.fixture(autouse=True)
def _fresh(me: Visitor) -> None:
    me.post("/setup/discard")


def _lines(page: str) -> dict[str, str]:
    """Each field's line of the picker by its path."""
    parts = re.split(r'(?=<li class="field[^"]*" data-path=")', page)[1:]
    return {html.unescape(re.findall(r'data-path="([^"]+)"', one)[0]): one for one in parts}


def _searched(me: Visitor, word: str) -> tuple[list[str], int]:
    """The paths found at all depths, as the page's own links ask for them; and how many asks."""
    found, path, asks = [], f"/setup/fields?for=mapping&q={word}", 0
    while path:
        page = me.get(path).text
        asks += 1
        found += list(_lines(page))
        following = NEXT.search(page)
        path = html.unescape(following[1]) if following else ""
    return found, asks


def test_own_useful_fields_come_first_then_parents_and_system_fields_last(me: Visitor) -> None:
    """The list began with parents, then 「Account ID」 and the stamps between the useful ones."""
    page = me.get("/setup/fields?for=mapping").text
    places = [
        page.index('data-path="Industry"'),
        page.index("/setup/fields/below?for=mapping&amp;path=Owner"),
        page.index("システム項目"),
        page.index('data-path="CreatedDate"'),
    ]
    assert places == sorted(places)
    assert page.index("システム項目") < page.index('data-path="OwnerId"')


def test_types_are_in_peoples_words(me: Visitor) -> None:
    lines = _lines(me.get("/setup/fields?for=mapping").text)
    assert "選択リスト → 単一選択" in lines["Industry"]
    assert "通貨 → 数値" in lines["AnnualRevenue"]
    assert "数式(" in lines["Customer_Rank__c"]
    page = "".join(lines.values())
    assert not re.search(r"\b(picklist|currency|textarea|boolean|reference|double)\b", page)


def test_what_is_mapped_already_is_marked(me: Visitor) -> None:
    lines = _lines(me.get("/setup/fields?for=mapping").text)
    assert 'class="field is-taken"' in lines["Industry"]
    assert "is-taken" not in lines["Phone"]
    filters = _lines(me.get("/setup/fields?for=conditions").text)
    assert "is-taken" not in filters["Industry"]


def test_several_fields_are_added_at_once(me: Visitor) -> None:
    rows = me.get("/setup/mapping/rows").text
    form = [("csrf", me.csrf()), ("shown", "1")]
    form += [
        (html.unescape(n), html.unescape(v))
        for n, v in re.findall(r'<input[^>]* name="(m[^"]+)"[^>]* value="([^"]*)"', rows)
    ]
    form += [("add", "Phone"), ("add", "Owner.Email"), ("add", "Phone")]
    answer = me.session.post(me.url + "/setup/mapping/rows", data=form, timeout=60)
    assert answer.status_code == 200
    added = re.findall(r'name="m\d+\.from" value="([^"]+)"', answer.text)
    assert added[-2:] == ["Phone", "Owner.Email"]
    assert added.count("Phone") == 1
    keys = re.findall(r'name="m\d+\.to"[^>]* value="([^"]+)"', answer.text)
    assert len(keys) == len(set(keys)) == len(added)


def test_a_search_reaches_parents_of_parents_by_label_and_by_help_text(me: Visitor) -> None:
    """It ended at the first parents; help texts, which explain fields, were not looked at."""
    found, asks = _searched(me, "年間売上")
    assert found[:2] == ["AnnualRevenue", "Parent.AnnualRevenue"]
    assert "Parent.Parent.Parent.Parent.Parent.AnnualRevenue" in found
    assert asks == 6
    helped, _ = _searched(me, "審査部")
    assert helped[0] == "Customer_Rank__c"
    nothing, _ = _searched(me, "存在しない項目")
    assert nothing == []
    last = me.get("/setup/fields?for=mapping&q=%E7%84%A1&depth=5&before=0").text
    assert "一致する項目は見つかりませんでした" in last


def test_enter_goes_on_to_the_conditions(me: Visitor) -> None:
    """Enter presses the first button of a form (HTML, "implicit submission"): not a side step."""
    form = me.get("/setup/object").text.partition('action="/setup/object"')[2]
    first = re.search(r"<button[^>]*>", form)
    assert first
    assert "name=" not in first[0]
    assert "hidden>" not in first[0]


def test_one_to_one_objects_are_chosen_and_not_typed(street: Street, me: Visitor) -> None:
    page = me.get("/setup/object").text
    assert "契約情報" in page
    assert 'name="o0.object"' not in page
    answer = me.post("/setup/object", {"object": "Account", "every": "3h", "then": "one-to-one"})
    assert answer.headers["location"] == "/setup/one-to-one"
    page = me.get("/setup/one-to-one").text
    [declared] = re.findall(r'name="remove" value="([^"]+)"', page)
    me.post("/setup/one-to-one", {"remove": "0"})
    assert "選んだオブジェクト" in me.get("/setup/one-to-one").text
    assert me.post("/setup/one-to-one", {"remove": declared}).status_code == 303
    me.post("/setup/one-to-one", {"remove": declared})
    offered = me.get("/setup/one-to-one").text
    assert "選んだオブジェクト" not in offered
    assert 'value="Contract_Info__c.Account__c.Account"' in offered
    assert "契約情報" in offered
    filtered = me.get("/setup/one-to-one?q=contract_info").text
    assert 'value="Contract_Info__c.Account__c.Account"' in filtered
    assert "Opportunity.AccountId" not in filtered
    assert (
        me.post("/setup/one-to-one", {"add": "Contract_Info__c.Account__c.Account"}).status_code
        == 303
    )
    draft = kept_draft(street.house.installation, "acme")
    assert draft is not None
    source = draft.draft.document["source"]
    assert isinstance(source, dict)
    assert source["one_to_one"] == [
        {
            "object": "Contract_Info__c",
            "lookup": "Account__c",
            "of": "Account",
            "as": "ContractInfo",
        }
    ]
    assert me.post("/setup/one-to-one", {"add": "Nothing.At.All"}).status_code == 303


def _consultant(street: Street, tenant: str) -> Visitor:
    """One person who is administrator of several workspaces, as Flyle's tokens say."""
    user = replace(street.house.user(tenant), subject="consultant@flyle.example")
    visitor = street.house.stranger()
    token = issue_token(user, street.house.settings, datetime.now(UTC))
    assert visitor.get(f"/enter?token={token}").status_code == 303
    return visitor


def test_settings_are_copied_from_a_workspace_where_the_same_person_saved_them(
    street: Street,
) -> None:
    mine, there = _consultant(street, "acme"), _consultant(street, "globex")
    assert "/setup/copy" not in mine.get("/setup/object").text
    assert there.post("/setup/object", {"object": "Opportunity", "every": "6h"}).status_code == 303
    assert there.confirm().status_code == 303
    try:
        assert "/setup/copy" in mine.get("/setup/object").text
        listed = mine.get("/setup/copy").text
        assert "グローベックス株式会社" in listed
        copied = mine.post("/setup/copy", {"from": "globex"})
        assert copied.headers["location"] == "/setup/object"
        kept = kept_draft(street.house.installation, "acme")
        theirs = registered_settings(street.house.installation, "globex")
        own = registered_settings(street.house.installation, "acme")
        assert kept is not None
        assert theirs is not None
        assert own is not None
        made = required(kept.draft)
        assert (made.source, made.mapping, made.refresh) == (
            theirs.source,
            theirs.mapping,
            theirs.refresh,
        )
        assert (made.tenant, made.display_name, made.connection) == (
            own.tenant,
            own.display_name,
            own.connection,
        )
    finally:
        mine.post("/setup/discard")


def test_what_somebody_else_saved_is_never_offered(street: Street, me: Visitor) -> None:
    """Also after a name was guessed: only one's own versions are read."""
    assert "グローベックス" not in me.get("/setup/copy").text
    assert me.post("/setup/copy", {"from": "globex"}).status_code == 404
    assert kept_draft(street.house.installation, "acme") is None
    consultant = _consultant(street, "acme")
    assert consultant.post("/setup/copy", {"from": "acme"}).status_code == 404


def test_the_first_page_reads_no_settings_of_other_workspaces(street: Street) -> None:
    """It asks whether there are any: one that this version cannot read stopped the page."""
    consultant = _consultant(street, "acme")
    with admin(street.house.installation.database_url) as connection:
        connection.execute(
            b"INSERT INTO flyle.settings_versions"
            b" (tenant_id, version, document, digest, author, created_at)"
            b" VALUES ('globex', 0, '{}', 'x', 'console:consultant@flyle.example', now())"
        )
    try:
        page = consultant.get("/setup/object")
        assert page.status_code == 200
        assert "/setup/copy" in page.text
    finally:
        with admin(street.house.installation.database_url) as connection:
            connection.execute(b"DELETE FROM flyle.settings_versions WHERE version = 0")
