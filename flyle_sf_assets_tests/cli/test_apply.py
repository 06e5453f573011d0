"""``flyle-sf apply``: the diff, and what follows from it, before anything is run."""

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.site import Site, make_org

COMPANIES = 7


def test_apply_tells_what_changed_what_it_touches_and_what_will_be_read(here: Site) -> None:
    """The data team looks at it, and only then lets it run."""
    org = make_org(samples.account_org, accounts=COMPANIES)
    here.link("acme", org)
    (first,) = here.run("apply", "--json").document["tenants"]
    assert (first["version"], first["changed"], first["diff"]) == (1, True, first["diff"])
    assert here.run("sync", "acme").code == 0
    companies = here.query("SELECT count(*) FROM flyle.companies WHERE status = 'linked'")[0][0]

    new = ("mapping:", "mapping:\n  - {from: Owner.Email, to: mail, label: 担当者のメール}")
    here.link("acme", org, ("label: 売上,", "label: 年商,"), new)
    (applied,) = here.run("apply", "--json").document["tenants"]
    told = {one["path"]: (one["before"], one["after"]) for one in applied["diff"]}
    assert told["mapping[revenue].label"] == ("売上", "年商")
    assert told["mapping[mail]"][0] is None
    assert applied["stale_assets"] == [
        "salesforce/related_records",
        "flyle/enriched_records",
        "flyle/picklist_options",
        "flyle/companies",
    ]
    assert applied["affected_companies"] == companies > 0
    assert applied["read_again"] == [{"object": "User", "columns": ["Email"], "whole": False}]
    (standing,) = here.run("status", "acme", "--json").document["tenants"]
    assert standing["stale_assets"] == applied["stale_assets"]

    here.link("acme", org, ("label: 売上,", "label: 年間売上,"), new)
    words = here.run("apply", LANG="ja_JP.UTF-8").out
    assert "「年間売上」の項目名: 「年商」 → 「年間売上」" in words
    assert "mapping" not in words
    assert "変わりうる企業: 0件" in words
    assert "flyle/companies" in words
    (unchanged,) = here.run("apply", "--json").document["tenants"]
    assert (unchanged["changed"], unchanged["read_again"]) == (False, [])
