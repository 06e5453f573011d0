"""``flyle-sf status``: one tenant as a page, and all tenants as a table."""

import pytest
from rich.cells import cell_len

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org

WIDTH = 80
WRONG_SECRET = "a-secret-that-is-wrong-1234567890"


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org(accounts=12, opportunities=0)


@pytest.fixture(scope="module")
def tenants(here: Site, org: Org) -> Site:
    """A linked tenant, one whose key fails, one that was disconnected, one never connected."""
    names = ("linked", "failing", "left")
    for name in names:
        here.link(name, org)
        assert here.run("sync", name).code == 0
    here.secrets["FAILING_SF_SECRET"] = WRONG_SECRET
    assert here.run("sync", "failing").code == 4
    assert here.run("disconnect", "left").code == 0
    here.link("new", org, ("flow: client_credentials", "flow: web_server"))
    assert here.run("apply").code == 0
    return here


def test_the_page_says_everything_about_a_tenant(tenants: Site, org: Org) -> None:
    page = tenants.run("status", "linked").out
    for text in (
        "株式会社アクメ",
        "Linked",
        tenants.server.url,
        org.org_id,
        "version 1 (linked.yaml",
        "Account",
        "12 linked",
        "(in ",
        "First",
        "Done",
        "API calls",
        "Rejected values",
    ):
        assert text in page
    assert "What to do" not in page


def test_a_failing_tenant_shows_companies_reason_and_remedy_in_full(tenants: Site) -> None:
    """The table had 0 companies and a code; the reason stood in the middle of other tenants'."""
    page = tenants.run("status", "failing").out
    assert "Failing" in page
    assert "12 linked" in page
    assert "stopped" in page
    assert "secret_wrong" in page
    assert "What to do" in page
    assert "Consumer Secret" in page.split("What to do")[1]
    japanese = tenants.run("status", "failing", LANG="ja_JP.UTF-8").out
    assert "対処" in japanese
    assert "What to do" not in japanese
    assert "エラー" in japanese


def test_a_disconnected_tenant_shows_its_companies_and_why(tenants: Site) -> None:
    page = tenants.run("status", "left").out
    assert "12 unlinked" in page
    assert "flyle-sf connect left" in page
    table = tenants.run("status").out
    (row,) = [line for line in table.splitlines() if line.startswith("left ")]
    assert "12 unlinked" in row
    assert "Disconnected" in row
    assert "flyle-sf connect left" in table
    assert "flyle-sf connect new" in table


def test_what_stands_in_json_is_what_it_was(tenants: Site) -> None:
    (one,) = tenants.run("status", "linked", "--json").document["tenants"]
    assert one.keys() >= {
        "tenant", "state", "source_object", "last_synced_at", "next_due_at", "companies",
        "rejected", "attention", "stale_assets", "settings_version", "org_id",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
@pytest.mark.parametrize("tenant", ["linked", "failing", "left", "new", None])
def test_every_page_fits_80_columns(tenants: Site, tenant: str | None, language: str) -> None:
    """Counted in columns of a terminal, of which a Japanese character takes two."""
    arguments = ["status"] if tenant is None else ["status", tenant]
    page = tenants.run(*arguments, LANG=language, COLUMNS=str(WIDTH)).out
    assert [line for line in page.splitlines() if cell_len(line) > WIDTH] == []
    assert "…" not in page
