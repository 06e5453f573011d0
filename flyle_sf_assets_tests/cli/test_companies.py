"""``flyle-sf companies``: what one needs for `history`, for people, spreadsheets and scripts."""

import csv
import io

import pytest

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.flows.tenants import org_clock

FORMULA = "=cmd|' /C calc'!A1"
CONTROLLING = "\x1b[2J\x1b]0;owned\x07北海道[bold]食品[/bold]\u202e"


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org(accounts=12, opportunities=0)


@pytest.fixture(scope="module")
def ids(org: Org) -> list[str]:
    return sorted(str(record["Id"]) for record in org.records("Account"))


@pytest.fixture(scope="module")
def synced(here: Site, org: Org, ids: list[str]) -> Site:
    """A tenant with a company whose name is a formula, and one whose name controls terminals."""
    here.link("acme", org)
    org.update("Account", ids[0], {"Name": FORMULA})
    org.update("Account", ids[1], {"Name": CONTROLLING})
    assert here.run("sync", "acme").code == 0
    clock = org_clock(org)
    clock.advance(3600)
    org.delete("Account", ids[2])
    clock.advance(3600)
    assert here.run("sync", "acme").code == 0
    return here


def names(org: Org) -> dict[str, str]:
    return {str(record["Id"]): str(record["Name"]) for record in org.records("Account")}


def test_all_companies_are_listed_by_name_with_their_ids(
    synced: Site, org: Org, ids: list[str]
) -> None:
    """A person who wanted a company's history had to know its id from psql."""
    document = synced.run("companies", "acme", "--json").document
    listed = {one["external_id"]: one["name"] for one in document["companies"]}
    assert listed.items() >= names(org).items()
    assert listed.keys() == set(ids)
    assert [one["name"] for one in document["companies"]] == sorted(listed.values())
    states = {one["external_id"]: one["status"] for one in document["companies"]}
    assert {key for key, state in states.items() if state != "linked"} == {ids[2]}
    answer = synced.run("companies", "acme")
    assert answer.code == 0
    assert all(one in answer.out for one in ids)
    assert f"flyle-sf history acme {document['companies'][0]['external_id']}" in answer.err


def test_search_state_and_limit_select(synced: Site, ids: list[str]) -> None:
    by_name = synced.run("companies", "acme", "--search", "北海道", "--json").document
    assert [one["external_id"] for one in by_name["companies"]] == [ids[1]]
    by_id = synced.run("companies", "acme", "--search", ids[3][:15], "--json").document
    assert [one["external_id"] for one in by_id["companies"]] == [ids[3]]
    gone = synced.run("companies", "acme", "--state", "deleted", "--json").document
    assert [one["external_id"] for one in gone["companies"]] == [ids[2]]
    linked = synced.run("companies", "acme", "--state", "linked", "--json").document
    assert {one["external_id"] for one in linked["companies"]} == set(ids) - {ids[2]}
    neither = synced.run("companies", "acme", "--state", "linked", "--search", ids[2], "--json")
    assert neither.document["companies"] == []
    assert len(synced.run("companies", "acme", "--limit", "4", "--json").document["companies"]) == 4
    shown = synced.run("companies", "acme", "--limit", "4")
    assert f"4 of {len(ids)} companies" in shown.err
    wrong = synced.run("companies", "acme", "--state", "gone")
    assert (wrong.code, "out_of_scope" in wrong.err) == (2, True)


def test_csv_has_every_company_and_no_formula(synced: Site, org: Org, ids: list[str]) -> None:
    answer = synced.run("companies", "acme", "--csv")
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert {row["external_id"] for row in rows} == set(ids)
    told = {row["external_id"]: row["name"] for row in rows}
    assert told[ids[0]] == f"'{FORMULA}"
    assert {key: name.removeprefix("'=") for key, name in told.items() if key not in ids[:3]} == {
        key: name.removeprefix("=") for key, name in names(org).items() if key not in ids[:3]
    }
    assert not [name for name in told.values() if name.startswith("=")]
    assert rows[0].keys() == {"external_id", "name", "status", "status_reason", "updated_at"}


def test_no_value_of_an_org_controls_the_terminal(synced: Site, ids: list[str]) -> None:
    """A name could clear the screen, set its title or turn the direction of the line."""
    for command in (
        ("companies", "acme"),
        ("history", "acme", ids[1]),
        ("companies", "acme", "--json"),
    ):
        out = synced.run(*command).out
        assert "北海道" in out
        assert "[bold]食品[/bold]" in out, "a name is no markup either"
        assert not {"\x1b", "\x07"} & set(out), command
    assert "\u202e" not in synced.run("companies", "acme").out


def test_a_tenant_without_settings_says_so(here: Site) -> None:
    answer = here.run("companies", "nobody", "--json")
    assert (answer.code, answer.document["error"]["code"]) == (4, "unknown_tenant")
    assert answer.document["companies"] == []
