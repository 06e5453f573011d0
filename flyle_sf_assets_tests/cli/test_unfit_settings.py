"""Settings that the org does not fit, as the commands show them."""

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.flows.tenants import org_clock

MISSPELT = ("from: AnnualRevenue", "from: AnualRevenue")


def test_sync_says_that_it_registered_a_version_and_that_it_is_not_applied(here: Site) -> None:
    """A saved file was taken over without a word, and the next sync failed."""
    org = make_org(samples.account_org, accounts=3)
    here.link("acme", org)
    assert here.run("sync", "acme").code == 0
    here.link("acme", org, MISSPELT)
    clock = org_clock(org)
    clock.advance(60)
    org.update("Account", org.ids("Account")[0], {"Name": "その後の会社"})
    clock.advance(60)
    ended = here.run("sync", "acme", LANG="ja_JP.UTF-8")
    assert ended.code == 2
    assert "設定ファイルをバージョン2として登録しました" in ended.err
    assert "売上" in ended.err  # what the version changes
    assert "設定のバージョン2は適用していません" in ended.err
    assert "AnualRevenue" in ended.err
    assert here.query("SELECT count(*) FROM flyle.companies WHERE name = 'その後の会社'") == [(1,)]

    (state,) = here.run("status", "acme", "--json").document["tenants"]
    assert state["state"] == "linked"
    assert [one["code"] for one in state["attention"]] == ["settings_not_applied"]
    applied = here.run("apply", "--json")
    assert applied.code == 2
    (one,) = applied.document["tenants"]
    assert (one["version"], one["changed"], one["applied"]) == (2, False, False)
    assert any("AnualRevenue" in problem["message"] for problem in one["problems"])

    again = here.run("sync", "acme", "--json")
    assert again.code == 2
    assert again.document["state"] == "done"
    assert again.document["not_applied"]["version"] == 2
    assert again.document["registered_version"] is None

    here.link("acme", org)
    mended = here.run("sync", "acme", "--json")
    assert (mended.code, mended.document["registered_version"]) == (0, 3)
    assert mended.document["not_applied"] is None


def test_one_check_shows_the_problems_of_the_file_and_those_of_the_org(here: Site) -> None:
    """A person corrected a key, and only then read of the misspelt field."""
    org = make_org(samples.account_org, accounts=3)
    here.link(
        "acme",
        org,
        MISSPELT,
        ("label: 従業員規模, type: number", "label: 従業員規模, tipe: number"),
        ("from: Industry, to: industry", "from: Indastry, to: industry"),
    )
    checked = here.run("check", "acme", "--json")
    assert checked.code == 2
    told = {one["path"]: (one["code"], one["line"]) for one in checked.document["problems"]}
    lines = (here.tenants / "acme.yaml").read_text(encoding="utf-8").splitlines()
    for path, code, text in (
        ("mapping[0].from", "field_unknown", "AnualRevenue"),
        ("mapping[1].tipe", "unknown_key", "tipe"),
        ("mapping[2].from", "field_unknown", "Indastry"),
    ):
        found_code, line = told[path]
        assert found_code == code
        assert text in lines[line - 1]
