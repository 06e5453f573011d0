"""``flyle-sf preview``: figures for people and for scripts; and a tenant that has no file."""

import json
from pathlib import Path

import pytest

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.flows.tenants import org_clock

KEYS = {"created", "changed", "leaving", "blanked", "options_added", "api_calls", "exact"}
REVENUE = "{from: AnnualRevenue, to: revenue, label: 売上, type: number}"


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org()


@pytest.fixture(scope="module")
def linked(here: Site, org: Org) -> Site:
    here.link("acme", org)
    return here


@pytest.fixture(scope="module")
def synced(linked: Site, org: Org) -> Site:
    """A tenant that was synced and to whose file a mapping was added then."""
    answer = linked.run("preview", "acme", "--json")
    assert answer.code == 0, answer.err
    first = answer.document
    assert first.keys() >= KEYS
    assert (first["created"], first["version"]) == (len(org.records("Account")), None)
    assert linked.run("sync", "acme").code == 0
    clock = org_clock(org)
    clock.advance(3600)
    added = f"{REVENUE}\n  - {{from: Phone, to: phone, label: 電話}}"
    linked.link("acme", org, (REVENUE, added))
    return linked


def test_the_json_has_the_figures_the_diff_and_examples(synced: Site, org: Org) -> None:
    with_phone = sum(bool(record["Phone"]) for record in org.records("Account"))
    assert 0 < with_phone < len(org.records("Account")), "a blank is no change"
    document = synced.run("preview", "acme", "--json").document
    assert {name: document[name] for name in sorted(KEYS - {"api_calls"})} == {
        "blanked": 0,
        "changed": with_phone,
        "created": 0,
        "exact": True,
        "leaving": 0,
        "options_added": 0,
    }
    assert document["estimated"] == []
    assert document["api_calls"] > 0
    assert [change["path"] for change in document["diff"]] == ["mapping[phone]"]
    assert document["examples"][0]["values"][0]["field"] == "phone"
    [phone] = [one for one in document["fields"] if one["field"] == "phone"]
    assert phone["changed"] == with_phone


def test_people_read_it_in_their_language(synced: Site) -> None:
    english = synced.run("preview", "acme")
    assert english.code == 0
    assert "companies changed" in english.out
    assert "電話" in english.out
    japanese = synced.run("preview", "acme", LANG="ja_JP.UTF-8")
    assert "内容が変わる企業" in japanese.out


def test_previewing_registers_nothing(synced: Site) -> None:
    synced.run("preview", "acme")
    assert synced.query("SELECT max(version) FROM flyle.settings_versions") == [(1,)]


def test_settings_that_cannot_be_used_exit_2_with_every_problem(synced: Site, org: Org) -> None:
    synced.link("broken", org, (REVENUE, "{from: Nope__c, to: revenue, label: 売上}"))
    answer = synced.run("preview", "broken", "--json")
    assert answer.code == 2
    errors = [p for p in answer.document["problems"] if p["severity"] == "error"]
    assert [p["path"] for p in errors] == ["mapping[0].from"]


def test_an_unknown_tenant_and_a_wrong_key_exit_4(synced: Site, org: Org) -> None:
    unknown = synced.run("preview", "nobody", "--json")
    assert (unknown.code, unknown.document["error"]["code"]) == (4, "unknown_tenant")
    wrong = synced.run("preview", "acme", "--json", ACME_SF_SECRET="wrong")
    assert wrong.code == 4
    assert "n0t-the-secret" not in wrong.out + wrong.err


def test_a_tenant_without_a_file_works_in_every_command(synced: Site, org: Org) -> None:
    """Its settings stand in the database, as the console puts them there."""
    name = "umbrella"
    synced.link(name, org)
    file = Path(synced.tenants / f"{name}.yaml")
    assert synced.run("apply").code == 0
    file.unlink()
    with_author = "UPDATE flyle.settings_versions SET author = 'console:u1' WHERE tenant_id = "
    synced.change(f"{with_author}'{name}'")
    preview = synced.run("preview", name, "--json")
    assert (preview.code, preview.document["created"]) == (0, len(org.records("Account")))
    for command in (["sync", name], ["status", name], ["census", name], ["check", name]):
        answer = synced.run(*command, "--json")
        assert answer.code == 0, (command, answer.err)
    assert synced.run("preview", name, "--json").document["changed"] == 0
    applied = json.loads(synced.run("apply", "--json").out)
    assert name not in {one["tenant"] for one in applied["tenants"]}
