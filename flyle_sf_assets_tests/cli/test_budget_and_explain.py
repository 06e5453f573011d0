"""``flyle-sf budget`` and ``flyle-sf explain``: for people in both languages, and for scripts."""

import pytest

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org

JAPANESE = "ja_JP.UTF-8"
BUDGET_KEYS = {
    "tenant",
    "org_id",
    "limit",
    "used_by_org",
    "used_by_us",
    "used_by_tenant",
    "share",
    "cap",
    "forecast",
    "postponed_until",
}
EXPLAIN_KEYS = {
    "tenant",
    "record_id",
    "object",
    "verdict",
    "reasons",
    "conditions",
    "company",
    "fields",
    "api_calls",
}


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org(accounts=6, opportunities=0)


@pytest.fixture(scope="module")
def synced(here: Site, org: Org) -> Site:
    """A linked tenant after its first sync, and one that only has settings."""
    here.link("acme", org)
    assert here.run("sync", "acme").code == 0
    here.link("new", org)
    assert here.run("apply").code == 0
    return here


def test_the_budget_says_limit_use_and_cap(synced: Site, org: Org) -> None:
    tenants = {one["tenant"]: one for one in synced.run("budget", "--json").document["tenants"]}
    assert tenants.keys() == {"acme", "new"}
    acme, new = tenants["acme"], tenants["new"]
    assert acme.keys() == BUDGET_KEYS
    limit = org.usage.daily_max
    assert (acme["limit"], acme["share"], acme["cap"]) == (limit, "20%", limit // 5)
    assert acme["used_by_us"] == acme["used_by_tenant"] == org.usage.total
    assert acme["used_by_org"] >= acme["used_by_us"]
    assert (acme["postponed_until"], acme["org_id"]) == (None, org.org_id)
    assert (new["limit"], new["cap"], new["used_by_tenant"]) == (None, None, 0)
    answer = synced.run("budget", "acme")
    assert answer.code == 0
    assert f"{limit:,}" in answer.out
    assert "our cap" in answer.out
    assert "組織の上限" in synced.run("budget", LANG=JAPANESE).out


def test_a_record_is_explained_by_its_id_and_its_address(synced: Site, org: Org) -> None:
    one = org.ids("Account")[0]
    document = synced.run("explain", "acme", one[:15], "--json").document
    assert document.keys() == EXPLAIN_KEYS
    assert (document["record_id"], document["object"]) == (one, "Account")
    assert (document["verdict"], document["company"]["external_id"]) == ("linked", one)
    assert {field["why"] for field in document["fields"]} == {"same"}
    assert all(reason["message_ja"] and reason["remedy"] for reason in document["reasons"])
    org.update("Account", one, {"AnnualRevenue": "987654"})
    answer = synced.run("explain", "acme", f"https://x.lightning.force.com/{one}/view")
    assert answer.code == 0
    assert "987654" in answer.out
    assert "with the next sync" in answer.out
    japanese = synced.run("explain", "acme", one, LANG=JAPANESE).out
    assert "次の同期で反映" in japanese
    assert "with the next sync" not in japanese


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("budget", "nobody"), 4, "unknown_tenant"),
        (("explain", "nobody", "0015i0000000001AAA"), 4, "unknown_tenant"),
        (("explain", "acme", "no such company"), 2, "record_unclear"),
    ],
)
def test_what_does_not_exist_is_refused(
    synced: Site, words: tuple[str, ...], code: int, error: str
) -> None:
    answer = synced.run(*words, "--json")
    assert answer.code == code
    assert answer.document["error"]["code"] == error
