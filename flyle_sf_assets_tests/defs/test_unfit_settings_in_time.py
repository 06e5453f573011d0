"""Settings that an org does not fit, through the schedules: when they are compared again."""

import pytest

from flyle_sf_assets.store.syncs.settings_in_effect import refusal_of_newest
from flyle_sf_assets.tenants.sync_requests import ask_for_sync
from flyle_sf_assets_tests.flows.platform import Platform, rename
from flyle_sf_assets_tests.flows.tenants import Tenant

PHONE = "  - {from: Phone, to: phone, label: 電話}\n"


def refuse(small: Tenant, platform: Platform) -> None:
    """A mapping of a field that is hidden, in the version after the one in effect."""
    small.there.permissions_move_last_modified = False
    small.there.hide_field("Account", "Phone")
    small.apply(small.settings.replace("refresh:", "refresh: {every: 1h}\n#") + PHONE)
    platform.until_due(small)
    assert platform.refresh() == [("small", "refresh")]
    assert platform.link(small).settings_version == 1
    assert refused(small)


def refused(small: Tenant) -> bool:
    with small.installation.database.tenant(small.name) as tx:
        return refusal_of_newest(tx) is not None


def calls_of_refresh(small: Tenant, platform: Platform) -> tuple[list[tuple[str, str]], int]:
    """The runs of the next due tick, and the calls that the org counted."""
    platform.until_due(small)
    before = small.there.usage.total
    return platform.refresh(), small.there.usage.total - before


def test_a_tenant_at_rest_still_costs_one_call_and_compares_refused_settings_every_six_hours(
    platform: Platform, small: Tenant
) -> None:
    """Its interval is the one in effect, three hours."""
    refuse(small, platform)
    assert calls_of_refresh(small, platform) == ([], 1)
    small.there.show_field("Account", "Phone")
    made, _ = calls_of_refresh(small, platform)
    assert made == [("small", "refresh")]
    assert platform.link(small).settings_version == 2
    assert not refused(small)
    small.assert_follows_org()


def test_a_person_who_asks_for_a_sync_has_refused_settings_compared_at_once(
    platform: Platform, small: Tenant
) -> None:
    """今すぐ同期 said that nothing had changed, after the administrator had shown the field."""
    refuse(small, platform)
    small.there.show_field("Account", "Phone")
    ask_for_sync(small.installation, small.name, clock=platform.clock.now)
    assert platform.refresh() == [("small", "refresh")]
    assert platform.link(small).settings_version == 2


def test_what_changes_in_the_org_arrives_while_settings_are_refused(
    platform: Platform, small: Tenant
) -> None:
    """And each run compares them, without a version more."""
    refuse(small, platform)
    rename(small, "その後の会社")
    platform.until_due(small)
    assert platform.refresh() == [("small", "refresh")]
    assert "その後の会社" in {one.name for one in small.companies().values()}
    assert refused(small)


def test_a_tenant_that_failed_for_another_reason_is_not_tried_every_minute(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest version is refused, the one in effect fails for good: both are what stands."""
    refuse(small, platform)
    monkeypatch.setenv("SMALL_SF_SECRET", "a-wrong-secret-1234567890")
    rename(small)
    platform.until_due(small)
    platform.refresh()
    link = platform.link(small)
    assert (link.state, link.stopped_version) == ("failing", 2)
    platform.at(platform.clock.now(), small)
    assert platform.refresh() == []
