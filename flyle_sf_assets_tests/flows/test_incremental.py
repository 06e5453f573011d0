"""What happens in the org between two refreshes arrives with the second, and nothing else moves."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows import single_changes
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.single_changes import ACCOUNTS, DEALS, LEFT, NOTHING_MOVES, Change
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import installed, linked


@pytest.fixture(scope="module")
def _installation(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("incremental"), server) as made:
        yield made


@pytest.fixture(scope="module")
def accounts(_installation: Installation, server: SandboxServer) -> Tenant:
    """A synced tenant with an account and a contract in the Recycle Bin."""
    org = make_org(samples.account_org)
    tenant = linked(_installation, server, "acme", org, demo_settings("acme"))
    tenant.sync()
    tenant.assert_follows_org()
    org.delete("Account", single_changes.parent(org))
    org.delete("Contract_Info__c", single_changes.with_contract(org)[1])
    return _settled(tenant)


@pytest.fixture(scope="module")
def deals(_installation: Installation, server: SandboxServer) -> Tenant:
    """A synced tenant with a deleted account and a deal that left the conditions."""
    org = make_org(samples.opportunity_org)
    tenant = linked(_installation, server, "globex", org, demo_settings("globex"))
    tenant.sync()
    tenant.assert_follows_org()
    org.delete("Account", single_changes.parent(org))
    org.update(
        "Opportunity", single_changes.deal(org), {"StageName": "Closed Lost", "NextStep": LEFT}
    )
    return _settled(tenant)


def _settled(tenant: Tenant) -> Tenant:
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()
    return tenant


@pytest.mark.parametrize("change", ACCOUNTS)
def test_a_change_around_accounts_arrives(change: str, accounts: Tenant) -> None:
    """Also what does not move the account's own stamp: changes of its parents and its contract."""
    _assert_arrives(accounts, ACCOUNTS[change], is_seen=change not in NOTHING_MOVES)


@pytest.mark.parametrize("change", DEALS)
def test_a_change_around_deals_arrives(change: str, deals: Tenant) -> None:
    """Parents four records away, and everything that the conditions let in or put out."""
    _assert_arrives(deals, DEALS[change], is_seen=change not in NOTHING_MOVES)


def _assert_arrives(tenant: Tenant, change: Change, *, is_seen: bool) -> None:
    tenant.later()
    before = tenant.rows()
    change(tenant.there)
    tenant.later(METADATA_S)
    tenant.sync()
    changed = tenant.assert_moved_exactly(before)
    assert (changed > 0) == is_seen
    tenant.assert_follows_org()


def test_nothing_moves_when_nothing_changed(acme: Tenant) -> None:
    """The overlap reads the same rows again and again; that is no change."""
    acme.sync()
    reports, rows, generations = acme.sync(), acme.rows(), acme.generations()
    acme.later(600)
    assert [one.generation for one in acme.sync()] == [one.generation for one in reports]
    assert acme.rows() == rows
    assert acme.generations() == generations


def test_a_value_that_several_records_claim_is_set_aside_until_one_is_left(acme: Tenant) -> None:
    """Nothing in Salesforce holds that an object is one-to-one: no value is chosen by chance."""
    acme.sync()
    acme.assert_follows_org()
    account, contract = single_changes.with_contract(acme.there)
    assert acme.last[account].custom_fields["plan"] != "Standard"
    second = acme.there.insert("Contract_Info__c", {"Account__c": account, "Plan__c": "Standard"})
    acme.later()
    acme.sync()
    assert acme.companies()[account] == acme.last[account]
    assert [(row[0], row[1], row[3]) for row in acme.rejected()] == [
        (account, "monthly_fee", "several_records"),
        (account, "plan", "several_records"),
    ]
    acme.there.delete("Contract_Info__c", contract)
    acme.later()
    acme.sync()
    acme.assert_follows_org()
    assert acme.rejected() == []
    assert acme.companies()[account].custom_fields["plan"] == "Standard"
    acme.there.delete("Contract_Info__c", second)
    acme.later()
    acme.sync()
    acme.assert_follows_org()


def test_a_census_finds_a_lookup_that_an_undelete_restored(globex: Tenant) -> None:
    """Deleting a parent empties its children's lookups, undeleting fills them: no stamp moves."""
    org = globex.there
    globex.sync()
    globex.assert_follows_org()
    grandparent = single_changes.parent(org)
    child = next(str(a["Id"]) for a in org.records("Account") if a["ParentId"] == grandparent)
    org.insert("Opportunity", {"Name": "孫", "AccountId": child, "StageName": "Proposal"})
    org.delete("Account", grandparent)
    org.update("Account", child, {"Name": "親を失った会社"})
    globex.later()
    globex.sync()
    globex.assert_follows_org()
    org.undelete("Account", grandparent)
    globex.later()
    globex.sync(kind="census")
    globex.assert_follows_org()


def test_an_option_that_is_gone_stays_in_the_catalog(acme: Tenant) -> None:
    """Companies and filters in Flyle refer to it."""
    acme.sync()
    acme.later()
    acme.there.remove_option("Account", "Industry", "Finance", keep_on_records=False)
    acme.later(METADATA_S)
    acme.sync()
    assert ("industry", "Finance") not in acme.oracle.options({})
    assert not acme.options()["industry", "Finance"].active
    acme.later()
    acme.there.add_option("Account", "Industry", "Finance", "金融業")
    acme.later(METADATA_S)
    acme.sync()
    assert acme.options() == acme.oracle.options(acme.companies())


def test_an_option_edited_in_the_second_of_a_describe_is_seen_with_the_next(acme: Tenant) -> None:
    """Last-Modified has whole seconds: asking for what is newer missed it for ever."""
    acme.sync()
    acme.there.add_option("Account", "Industry", "Space", "宇宙")
    acme.later(METADATA_S)
    acme.sync()
    assert acme.options()["industry", "Space"].active


def test_a_record_that_changes_while_everything_is_read_is_not_lost(acme: Tenant) -> None:
    """A first read takes hours; the next window begins where it began, not where it ended."""
    acme.sync(steps=[0])
    account = acme.there.ids("Account")[0]
    acme.there.rest_page_rows = 20
    slow = acme.there.faults.add(Fault(FaultKind.SLOW, "/query", skip=2, seconds=0.5))
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(acme.sync, steps=range(1, 7))
        while not slow.hits:
            time.sleep(0.01)
        acme.there.update("Account", account, {"Name": "読込中に改名"})
        acme.later()
        reading.result()
    assert acme.companies()[account].name != "読込中に改名"
    acme.later()
    acme.sync()
    acme.assert_follows_org()


def test_a_record_that_becomes_visible_late_is_not_lost(acme: Tenant) -> None:
    """A long transaction's rows carry the stamp of its start, which the last window had passed."""
    acme.sync()
    late = acme.there.insert("Account", {"Name": "遅れて見える"}, late_s=600)
    acme.later(60)
    acme.sync()
    assert late not in acme.companies()
    acme.later(600)
    acme.sync()
    acme.assert_follows_org()
    assert late in acme.companies()


def test_a_record_that_vanished_without_a_trace_is_missing_after_a_full_read(acme: Tenant) -> None:
    """Purged records are in no answer: only reading everything again can tell."""
    acme.sync()
    acme.assert_follows_org()
    gone = acme.there.ids("Account")[10]
    acme.there.hard_delete("Account", gone)
    acme.later()
    acme.sync(kind="full")
    acme.assert_follows_org()
    assert acme.companies()[gone].status == "missing"
