"""What a refresh costs in API calls, by the sandbox's own counters; large reads that broke off."""

from collections.abc import Callable
from functools import partial

import pytest

from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Link = Callable[[str, Org, str], Tenant]

NEW_OPPORTUNITY: dict[str, object] = {
    "Name": "新規",
    "StageName": "Proposal",
    "CloseDate": "2026-12-31",
}
COUNT_SYNCS = "SELECT count(*) FROM flyle.syncs WHERE tenant_id = %s"
LAST_SYNCED = "SELECT last_synced_at FROM flyle.links WHERE tenant_id = %s"
ONE_PARENT = ("{from: StageName, to: phase, label: phase}", "{from: Account.Type, to: t, label: t}")


@pytest.fixture
def small(link: Link) -> Tenant:
    """An Opportunity-based tenant with one parent object."""
    settings = settings_of("small", "{object: Opportunity}", ONE_PARENT)
    tenant = link("small", make_org(samples.opportunity_org), settings)
    tenant.sync()
    return tenant


def calls_of(tenant: Tenant, action: Callable[[], object]) -> int:
    before = tenant.there.usage.total
    action()
    return tenant.there.usage.total - before


def test_an_idle_tenant_costs_one_call_and_only_moves_the_last_sync(small: Tenant) -> None:
    small.later(1800)
    generations, syncs = small.generations(), small.query(COUNT_SYNCS)
    found = []
    spent = calls_of(
        small, lambda: found.append(check_idle(small.installation, "small", clock=small.clock.now))
    )
    assert (found[0].is_idle, found[0].api_calls, spent) == (True, 1, 1)
    assert small.generations() == generations
    assert small.query(COUNT_SYNCS) == syncs
    assert small.query(LAST_SYNCED) == [(small.clock.now(),)]


def test_a_small_change_costs_at_most_six_calls_with_one_parent(small: Tenant) -> None:
    small.later(1800)
    company = small.there.ids("Opportunity")[0]
    small.there.update("Opportunity", company, {"StageName": "Negotiation"})
    small.there.insert("Account", {"Name": "新しい親"})
    small.there.update("Opportunity", company, {"AccountId": small.there.ids("Account")[-1]})
    small.later(1)
    # One of them describes both objects: a run that was started asks for the metadata.
    assert calls_of(small, small.sync) <= 5
    small.assert_follows_org()


@pytest.mark.parametrize(
    "change",
    [
        lambda org: org.update("Opportunity", org.ids("Opportunity")[0], {"StageName": "Proposal"}),
        lambda org: org.insert("Opportunity", NEW_OPPORTUNITY),
        lambda org: org.delete("Opportunity", org.ids("Opportunity")[0]),
        lambda org: org.update("Account", org.ids("Account")[0], {"Type": "Partner"}),
    ],
    ids=["updated", "inserted", "deleted", "parent updated"],
)
def test_a_change_is_never_taken_for_idle(small: Tenant, change: Callable[[Org], object]) -> None:
    small.later(1800)
    change(small.there)
    small.later(1)
    assert not check_idle(small.installation, "small", clock=small.clock.now).is_idle


def test_a_row_that_became_visible_late_is_not_idle(small: Tenant) -> None:
    """Its stamp lies before the watermark; a strict cursor would never see it."""
    small.there.insert("Opportunity", NEW_OPPORTUNITY, late_s=120)
    small.later(60)
    small.sync()
    small.later(300)
    assert not check_idle(small.installation, "small", clock=small.clock.now).is_idle
    small.sync()
    small.assert_follows_org()


def test_records_outside_the_conditions_do_not_wake_a_tenant(link: Link) -> None:
    source = "{object: Opportunity, conditions: [{field: StageName, op: eq, value: Proposal}]}"
    tenant = link(
        "narrow", make_org(samples.opportunity_org), settings_of("narrow", source, ONE_PARENT[:1])
    )
    tenant.sync()
    tenant.later(1800)
    tenant.there.insert("Opportunity", {**NEW_OPPORTUNITY, "StageName": "Prospecting"})
    tenant.later(1)
    checked = check_idle(tenant.installation, "narrow", clock=tenant.clock.now)
    assert (checked.is_idle, checked.api_calls) == (True, 2)


def test_what_an_asset_owes_is_not_idle(small: Tenant) -> None:
    """A person may have materialized one asset alone: nothing new there, work all the same."""
    small.later(1800)
    small.there.update("Opportunity", small.there.ids("Opportunity")[0], {"StageName": "Proposal"})
    small.later(1)
    small.sync(steps=[1])
    assert not check_idle(small.installation, "small", clock=small.clock.now).is_idle


def test_a_new_mapping_reads_only_ids_and_its_column(small: Tenant) -> None:
    small.later(1800)
    small.apply(
        settings_of(
            "small", "{object: Opportunity}", [*ONE_PARENT, "{from: NextStep, to: n, label: n}"]
        )
    )
    small.there.usage.statements.clear()
    small.sync()
    whole = [text for text in small.there.usage.statements if "SystemModstamp >=" not in text]
    assert whole == [
        "SELECT COUNT() FROM Opportunity",
        "SELECT Id, SystemModstamp, NextStep FROM Opportunity",
    ]
    small.assert_follows_org()


@pytest.fixture
def broken_off(link: Link) -> Tenant:
    """12,000 rows in pages of 5,000, of which the second page broke."""
    org = make_org(partial(samples.big_org, "big", org_number=77), accounts=12_000, opportunities=0)
    tenant = link(
        "resume", org, settings_of("resume", "{object: Account}", ["{from: Type, to: t, label: t}"])
    )
    tenant.rest_rows_max = 1_000
    breaking = Fault(FaultKind.RESET, "/jobs/query", times=100, skip=3, method="GET")
    org.faults.add(breaking)
    with pytest.raises(FlyleError):
        tenant.sync()
    org.faults.clear()
    assert org.usage.by_kind["bulk_create"] == 1
    return tenant


def test_a_large_first_read_begins_anew_when_the_object_was_edited_meanwhile(
    broken_off: Tenant,
) -> None:
    """An edit may change values without a stamp: pages from before it are not to be trusted."""
    broken_off.there.add_option("Account", "Type", "Space")
    broken_off.later(METADATA_S)
    broken_off.sync()
    assert broken_off.there.usage.by_kind["bulk_create"] == 2
    assert len(broken_off.rows()) == 12_000


def test_a_large_first_read_goes_on_where_it_broke_off(broken_off: Tenant) -> None:
    """The first page is not read again; what changed meanwhile comes with the next refresh."""
    tenant, org = broken_off, broken_off.there
    org.insert("Account", {"Name": "間に作られた"})
    tenant.sync()
    assert org.usage.by_kind["bulk_create"] == 1
    assert len(tenant.rows()) == 12_000
    tenant.later(60)
    tenant.sync()
    assert len(tenant.rows()) == 12_001
