"""``flyle-sf census`` and ``history``: figures and changes, for people and for scripts."""

import json
from decimal import Decimal
from typing import Any

import pytest

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Answer, Site, make_org
from flyle_sf_assets_tests.flows.tenants import org_clock

REVENUE = "12345678901234.56"


def exact(answer: Answer) -> Any:
    """The JSON of stdout, numbers as they were written."""
    return json.loads(answer.out, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org()


@pytest.fixture(scope="module")
def company(org: Org) -> str:
    """The account whose history is looked at."""
    return min(str(record["Id"]) for record in org.records("Account"))


@pytest.fixture(scope="module")
def synced(here: Site, org: Org, company: str) -> Site:
    """A tenant whose company changed once: a name, an exact number, a picklist."""
    here.link("acme", org)
    first = {"Name": "Before", "Exact_Revenue__c": Decimal(1), "Industry": None}
    org.update("Account", company, first)
    assert here.run("sync", "acme").code == 0
    changed = {"Name": "アフター", "Exact_Revenue__c": Decimal(REVENUE), "Industry": "Banking"}
    clock = org_clock(org)
    clock.advance(3600)
    org.update("Account", company, changed)
    clock.advance(3600)
    assert here.run("sync", "acme").code == 0
    return here


def test_history_gives_each_change_newest_first_with_exact_numbers(
    synced: Site, company: str
) -> None:
    """A number that passed through a float was off by a yen."""
    answer = synced.run("history", "acme", company, "--json")
    assert answer.code == 0, answer.err
    document = exact(answer)
    assert document.keys() == {"tenant", "external_id", "name", "changes"}
    assert (document["tenant"], document["external_id"]) == ("acme", company)
    changes = {change["label"]: change for change in document["changes"]}
    revenue = changes["正確な売上"]
    assert revenue.keys() == {
        "field",
        "label",
        "old",
        "new",
        "changed_at",
        "sync_id",
        "reason",
    }
    assert (revenue["field"], revenue["old"]) == ("exact_revenue", Decimal(1))
    assert revenue["new"] == Decimal(REVENUE)
    assert (revenue["reason"], revenue["sync_id"]) == (None, Decimal(2))
    assert revenue["changed_at"].endswith("+00:00")
    assert (changes["業種"]["old"], changes["業種"]["new"]) == (None, "Banking")
    assert (changes["name"]["old"], changes["name"]["new"]) == ("Before", "アフター")
    stamps = [change["changed_at"] for change in document["changes"]]
    assert stamps == sorted(stamps, reverse=True)
    assert REVENUE in answer.out


def test_history_takes_ids_of_15_characters_and_shows_labels(synced: Site, company: str) -> None:
    """That is how an id stands in a report or in the address of a classic page."""
    whole = synced.run("history", "acme", company, "--json")
    assert synced.run("history", "acme", company[:15], "--json").out == whole.out
    shown = synced.run("history", "acme", company[:15], COLUMNS="200")
    assert shown.code == 0
    for text in ("正確な売上", REVENUE, "Banking", "アフター", company):
        assert text in shown.out


def test_a_company_without_changes_has_an_empty_history(synced: Site, org: Org) -> None:
    other = max(str(record["Id"]) for record in org.records("Account"))
    answer = synced.run("history", "acme", other, "--json")
    assert (answer.code, answer.document["changes"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("acme", "001000000000001AAA"), 1, "unknown_company"),
        (("acme", "no-id"), 2, "not_a_record_id"),
        (("nobody", "001000000000001AAA"), 4, "unknown_tenant"),
    ],
)
def test_what_has_no_history_says_why(
    synced: Site, arguments: tuple[str, ...], code: int, error: str
) -> None:
    answer = synced.run("history", *arguments, "--json")
    assert (answer.code, answer.document["error"]["code"]) == (code, error)
    assert answer.document["changes"] == []
    assert arguments[1] in answer.err or arguments[0] in answer.err


def test_census_gives_its_figures(synced: Site, org: Org, company: str) -> None:
    """Compared, healed and told; the sync that did it is in the log of syncs."""
    size = len(org.records("Account"))
    answer = synced.run("census", "acme", "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    assert document.keys() >= {"tenant", "checked", "matched", "healed", "missing", "sync_id"}
    assert document["tenant"] == "acme"
    assert document["checked"] == document["matched"] > size, "owners and parents too"
    assert (document["healed"], document["missing"], document["state"]) == (0, 0, "done")
    children = [one for one in org.records("Account") if one["ParentId"] == company]
    children += [one for one in org.records("Contract_Info__c") if one["Account__c"] == company]
    org.hard_delete("Account", company)
    shown = synced.run("census", "acme")
    assert shown.code == 0
    # Its children's lookups are empty now, without any stamp of theirs telling so.
    matched = document["checked"] - 1 - len(children)
    assert f"{matched:,} of {document['checked']:,} match" in shown.out
    assert "1 not found in Salesforce" in shown.out
    kinds = synced.query("SELECT kind, state FROM flyle.syncs ORDER BY sync_id DESC LIMIT 2")
    assert kinds == [("census", "done"), ("census", "done")]
    states = synced.query(f"SELECT status FROM flyle.companies WHERE external_id = '{company}'")  # noqa: S608
    assert states == [("missing",)]


def test_a_census_that_cannot_be_made_says_why(synced: Site) -> None:
    answer = synced.run("census", "nobody", "--json")
    assert answer.code == 4
    assert answer.document["error"]["code"] == "unknown_tenant"
    assert answer.document["checked"] is None
    answer = synced.run("census", "acme", "--json", ACME_SF_SECRET="wrong-secret-1234567890")
    assert answer.code == 4
    assert (answer.document["state"], answer.document["checked"]) == ("failed", None)
    assert "wrong-secret" not in answer.out + answer.err
