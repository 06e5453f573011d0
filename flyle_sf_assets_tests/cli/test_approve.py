"""``flyle-sf approve``, and how ``sync`` and ``census`` end when a change is held."""

import pytest

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.flows.tenants import org_clock


@pytest.fixture(scope="module")
def org(here: Site) -> Org:
    """60 linked companies, of which 51 were deleted since the first sync."""
    made = make_org()
    here.link("acme", made)
    assert here.run("sync", "acme").code == 0
    clock = org_clock(made)
    clock.advance(3600)
    made.delete("Account", *sorted(made.ids("Account"))[:51])
    clock.advance(600)
    return made


def test_a_held_sync_is_approved(here: Site, org: Org) -> None:
    """Exit 3 until somebody approves it; then one command applies it."""
    rows = "SELECT status, count(*) FROM flyle.companies GROUP BY 1 ORDER BY 1"
    companies = here.query(rows)
    for command in ("sync", "census"):
        held = here.run(command, "acme", "--json")
        assert held.code == 3, held.err
        document = held.document
        assert (document["tenant"], document["state"]) == ("acme", "held")
        assert document["error"]["code"] == "mass_change_held"
        assert "51 of 60" in document["error"]["came_back"]
        assert here.query(rows) == companies
    document = here.run("sync", "acme", "--json").document
    assert (document["created"], document["changed"], document["gone"]) == (0, 0, 0)
    losses = [one for one in document["held"] if one["field"] is None]
    assert [(one["lost"], one["of"], one["limit"]) for one in losses] == [(51, 60, "20%")]
    status = here.run("status", "acme", "--json").document["tenants"][0]
    assert status["state"] == "held"
    assert "mass_change_held" in {one["code"] for one in status["attention"]}
    shown = here.run("sync", "acme")
    assert shown.code == 3
    assert "flyle-sf approve acme" in shown.err
    approved = here.run("approve", "acme", "--json")
    assert approved.code == 0, approved.err
    document = approved.document
    assert (document["tenant"], document["state"], document["gone"]) == ("acme", "done", 51)
    assert document["held"] is None
    [(newest,)] = here.query("SELECT max(sync_id) FROM flyle.syncs WHERE state = 'done'")
    assert document["sync_id"] == newest
    assert ("deleted", 51) in here.query(rows)
    assert here.run("status", "acme", "--json").document["tenants"][0]["state"] == "linked"


def test_nothing_held_is_exit_1(here: Site, org: Org) -> None:
    """Also for people, in words."""
    answer = here.run("approve", "acme", "--json")
    assert (answer.code, answer.document["error"]["code"]) == (1, "nothing_held")
    assert here.run("approve", "acme").code == 1


def test_an_unknown_tenant_is_named(here: Site, org: Org) -> None:
    answer = here.run("approve", "nobody", "--json")
    assert (answer.code, answer.document["error"]["code"]) == (4, "unknown_tenant")


def test_check_no_longer_warns_of_the_guard(here: Site, org: Org) -> None:
    problems = here.run("check", "acme", "--json").document["problems"]
    assert not [one for one in problems if one["path"] == "guard"]
