"""The API budget: over its share, or in a busy org, a tenant waits and looks once an hour."""

from datetime import timedelta

import pytest

from flyle_sf_assets.errors import ApiBudgetSpent
from flyle_sf_assets.scheduling.poller import Verdict, refresh_needed, within_budget
from flyle_sf_assets.store.syncs.api_usage import read_usage
from flyle_sf_assets.store.syncs.schedule_inputs import Agenda, read_agendas
from flyle_sf_assets.store.syncs.syncs import SyncKind, latest_syncs
from flyle_sf_assets.store.tenants.links import Link as TenantLink
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets_tests.flows.platform import rename, small_settings
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

HOUR = timedelta(hours=1)


def settings_with(share: str, tenant: str = "small") -> str:
    return f"{small_settings(tenant)}api_budget: {{max_share: {share}}}\n"


@pytest.fixture
def small(link: Link) -> Tenant:
    """Ten accounts, one sync done, and the whole limit as its share."""
    tenant = link("small", make_org(accounts=10, opportunities=0), settings_with("100%"))
    tenant.apply()
    tenant.sync()
    return tenant


def link_of(tenant: Tenant) -> TenantLink:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return get_link(tx)


def look(tenant: Tenant) -> Verdict:
    """One poll, as the tick makes it."""
    with tenant.installation.database.fleet() as tx:
        agendas = {one.tenant_id: one for one in read_agendas(tx)}
    agenda: Agenda = agendas[tenant.name]
    return refresh_needed(tenant.installation, agenda, clock=tenant.clock.now)


def counted(tenant: Tenant) -> int:
    """What the ledger says, read without the product."""
    ((calls,),) = tenant.query(
        "SELECT coalesce(sum(calls), 0) FROM flyle.api_calls WHERE tenant_id = %s"
    )
    return int(calls)


def test_every_call_of_syncs_and_idle_checks_is_in_the_ledger(small: Tenant) -> None:
    """The idle checks of a day are more calls than its syncs, and were counted nowhere."""
    assert counted(small) == small.there.usage.total
    small.later(3 * 3600)
    assert look(small) == "idle"
    assert counted(small) == small.there.usage.total
    ((limit, used),) = small.query(
        "SELECT daily_max, used FROM flyle.org_usage WHERE tenant_id = %s"
    )
    assert limit == small.there.usage.daily_max
    assert used == small.there.usage.total


def test_a_sync_beyond_the_share_is_postponed_and_calls_nothing(small: Tenant) -> None:
    small.there.set_api_limit(1_000, used=50)
    small.later(3 * 3600)
    assert look(small) == "idle", "the ledger learns the new limit"
    small.apply(settings_with("1%"))
    rename(small)
    small.later()
    before = small.there.usage.total
    with pytest.raises(ApiBudgetSpent) as caught:
        small.sync()
    assert small.there.usage.total == before
    assert caught.value.code == "api_budget_spent"
    assert caught.value.exit_code == 5
    assert "10 requests used in 24 h (1% of 1,000)" in caught.value.came_back.en
    link = link_of(small)
    assert link.state == "linked"
    assert link.failures == 0
    assert link.retry_at == small.clock.now() + HOUR
    assert [item.code for item in link.attention] == ["api_budget_spent"]
    with small.installation.database.tenant("small") as tx:
        assert latest_syncs(tx)[0].state == "postponed"


def test_a_postponed_tenant_looks_once_an_hour_and_goes_on_by_itself(small: Tenant) -> None:
    small.there.set_api_limit(1_000, used=50)
    small.later(3 * 3600)
    assert look(small) == "idle"
    small.apply(settings_with("1.5%"))
    rename(small)
    small.later(3 * 3600)
    calls = small.there.usage.total
    assert look(small) == "postponed"
    assert small.there.usage.total == calls + 2, "the look, and what matches the conditions"
    assert link_of(small).retry_at == small.clock.now() + HOUR
    small.later(25 * 3600)
    assert look(small) == "work"
    small.sync()
    small.assert_follows_org()
    assert link_of(small).attention == ()
    assert link_of(small).retry_at is None


def test_an_org_that_is_nearly_full_comes_first(small: Tenant) -> None:
    """Its other integrations must not stop because of us, whatever our share."""
    small.there.set_api_limit(1_000, used=950)
    rename(small)
    small.later(3 * 3600)
    assert look(small) == "postponed"
    (item,) = link_of(small).attention
    assert "951 of its 1,000" in item.message.en or "952 of its 1,000" in item.message.en
    small.there.set_api_limit(1_000, used=100)
    small.later()
    assert look(small) == "work"


def test_a_small_sync_runs_where_a_large_one_waits(small: Tenant) -> None:
    small.there.set_api_limit(1_000, used=100)
    small.apply(settings_with("4%"))
    small.later(3 * 3600)
    assert look(small) == "idle"
    rename(small)
    small.later()
    small.sync()
    with pytest.raises(ApiBudgetSpent):
        small.sync(kind="full")


def test_calls_count_for_a_whole_day(small: Tenant) -> None:
    """The ledger has hours: one that is partly older than a day still counts whole."""
    small.clock.advance(45 * 60 - small.clock.now().minute * 60)
    rename(small)
    small.later(60)
    small.sync()
    ours = counted(small)
    small.clock.advance(23 * 3600 + 45 * 60)
    with small.installation.database.fleet() as tx:
        usage = read_usage(tx, ["small"], small.clock.now())["small"]
    assert usage.used_by_us == ours
    small.clock.advance(2 * 3600)
    with small.installation.database.fleet() as tx:
        assert read_usage(tx, ["small"], small.clock.now())["small"].used_by_us == 0


def test_a_figure_of_another_day_says_nothing(small: Tenant) -> None:
    """The org was nearly full two days ago, when the platform stopped."""
    small.there.set_api_limit(1_000, used=950)
    small.later(3 * 3600)
    assert look(small) == "idle"
    rename(small)
    small.clock.advance(48 * 3600)
    small.org_clock.advance(48 * 3600)
    small.sync()
    small.assert_follows_org()


def test_a_tenant_that_the_idle_check_asks_nothing_for_is_not_postponed_for_ever(
    small: Tenant,
) -> None:
    """A stale tenant's idle check makes no call, so nothing renewed the figure that stopped it."""
    small.there.set_api_limit(1_000, used=950)
    small.later(3 * 3600)
    assert look(small) == "idle"
    rename(small)
    small.later()
    mapping = "  - {from: Phone, to: phone, label: 電話}\n"
    small.apply(settings_with("100%").replace("mapping:\n", f"mapping:\n{mapping}"))
    calls = small.there.usage.total
    assert look(small) == "work"
    with pytest.raises(ApiBudgetSpent):
        small.sync()
    assert small.there.usage.total == calls + 1
    assert link_of(small).retry_at == small.clock.now() + HOUR
    small.later(30 * 60)
    with pytest.raises(ApiBudgetSpent):
        small.sync()
    assert small.there.usage.total == calls + 1, "the figure is half an hour old"
    small.there.set_api_limit(1_000, used=100)
    small.later()
    assert look(small) == "work"
    small.sync()
    small.assert_follows_org()


@pytest.mark.parametrize("kind", ["census", "sweep"])
def test_a_nightly_comparison_that_does_not_fit_stops_no_refresh(
    small: Tenant, kind: SyncKind
) -> None:
    """A tenant of five minutes was refreshed once an hour, for as long as its census waited."""
    small.there.set_api_limit(1_000, used=100)
    small.later(3 * 3600)
    assert look(small) == "idle"
    with small.installation.database.tenant("small") as tx:
        tx.execute(
            "INSERT INTO syncs (tenant_id, kind, state, started_at, finished_at, api_calls)"
            " VALUES (:tenant_id, :kind, 'done', :now, :now, 500)",
            kind=kind,
            now=small.clock.now(),
        )
    small.apply(settings_with("20%"))
    with small.installation.database.fleet() as tx:
        (agenda,) = read_agendas(tx)
    assert within_budget(small.installation, agenda, kind, clock=small.clock.now) == "postponed"
    assert link_of(small).retry_at is None
    with pytest.raises(ApiBudgetSpent):
        small.sync(kind="census" if kind == "census" else "sweep")
    assert link_of(small).retry_at is None
    rename(small)
    small.later()
    assert look(small) == "work"


def test_tenants_of_one_org_share_its_budget(small: Tenant, link: Link) -> None:
    """Each alone stays below the share, both together do not."""
    twin = link("twin", small.there, settings_with("100%", "twin"))
    twin.apply()
    twin.sync()
    small.there.set_api_limit(100)
    for tenant in (small, twin):
        tenant.apply(settings_with("16%", tenant.name))
        tenant.clock.advance(3 * 3600)
    small.org_clock.advance(3 * 3600)
    assert look(small) == "idle"
    own = counted(small)
    assert own + 10 <= 16 < own + counted(twin) + 10
    with pytest.raises(ApiBudgetSpent) as caught:
        small.sync()
    assert f"{own + counted(twin)} of 16 requests" in caught.value.came_back.en


def test_a_reading_that_lags_is_not_believed_alone(small: Tenant) -> None:
    """Salesforce repeated an old number for 12 s: what we sent meanwhile counts on top of it."""
    small.there.limit_info_lag_s = 60.0
    small.later(3 * 3600)
    assert look(small) == "idle"
    ((before,),) = small.query("SELECT used FROM flyle.org_usage WHERE tenant_id = %s")
    rename(small)
    small.later(10)
    spent = small.there.usage.total
    small.sync()
    spent = small.there.usage.total - spent
    ((reading, used),) = small.query(
        "SELECT reading, used FROM flyle.org_usage WHERE tenant_id = %s"
    )
    assert reading <= before
    assert used > reading
    assert spent > 1
