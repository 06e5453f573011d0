"""The settings sensor on a real instance: who becomes stale, and which one run is asked for."""

from datetime import timedelta

import pytest

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.defs import keys
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets_tests.defs.persons import (
    edit,
    file_of,
    save_in_console,
    state_of,
    versions,
)
from flyle_sf_assets_tests.defs.staleness import stale_for
from flyle_sf_assets_tests.defs.ticks import Ticks, selection
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, Tenant

LABEL = ("label: 売上,", "label: 年商,")
NEW_FIELD = "  - {from: Owner.Email, to: mail, label: 担当者のメール}\n"
OF_LABEL = {"flyle/picklist_options", "flyle/companies"}
OF_FIELD = {"salesforce/related_records", "flyle/enriched_records", *OF_LABEL}


def stale_in_status(tenant: Tenant) -> set[str]:
    (one,) = tenant_statuses(tenant.installation, tenant.name)
    return set(one.stale_assets)


def test_a_new_tenant_gets_its_partition_and_one_run_of_everything(
    acme: Tenant, ticks: Ticks
) -> None:
    """Tenants come at run time: nobody restarts anything, and nobody starts the first sync."""
    (request,) = ticks.requests()
    assert ticks.partitions == {"acme"}
    assert (request.partition_key, request.asset_selection) == ("acme", None)
    assert ticks.execute(request).success
    acme.assert_follows_org()
    assert ticks.requests() == []
    assert stale_for(ticks.instance, "acme") == set()


def test_a_changed_file_makes_stale_and_refreshes_exactly_what_it_affects(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """One tenant's new field colours nothing of anybody else, and reads no record that it need not.

    The enriched records are not stale for Dagster before the related ones were read: it looks one
    step down. `status` and the run see to the end.
    """
    ticks.settled()
    edit(acme, acme.settings + NEW_FIELD)
    (request,) = ticks.requests()
    assert request.partition_key == "acme"
    assert selection(request) == OF_FIELD == stale_in_status(acme)
    assert request.run_key == "settings:acme:2"
    assert stale_for(ticks.instance, "acme") == {
        keys.RELATED_RECORDS,
        keys.PICKLIST_OPTIONS,
        keys.COMPANIES,
    }
    assert stale_for(ticks.instance, "globex") == set()
    assert stale_in_status(globex) == set()
    run = ticks.execute(request)
    assert run.success
    materialized = {
        event.asset_key.to_user_string()
        for event in run.get_asset_materialization_events()
        if event.asset_key
    }
    assert materialized == OF_FIELD
    # Dagster adds every check of a selected asset, unless it is told otherwise.
    steps = {event.step_key for event in run.all_events if event.is_step_success}
    assert steps == {asset.replace("/", "__") for asset in OF_FIELD}
    acme.assert_follows_org()
    assert stale_for(ticks.instance, "acme") == set()
    assert stale_in_status(acme) == set()
    assert ticks.requests() == []


def test_the_version_tells_what_it_changed_and_which_run_took_it_over(
    acme: Tenant, ticks: Ticks
) -> None:
    """Weeks later somebody asks since when a company shows that, and why."""
    ticks.settled()
    edit(acme, acme.settings.replace(*LABEL) + NEW_FIELD)
    (request,) = ticks.requests()
    run = ticks.execute(request)
    ticks.tick()
    (kept,) = acme.query(
        "SELECT changes, affected_assets, affected_companies, read_again, dagster_run_id"
        " FROM flyle.settings_changes WHERE tenant_id = %s AND version = 2 AND settled_at NOTNULL"
    )
    changes, assets, companies, read_again, run_id = kept
    told = {one["path"]: (one["before"], one["after"]) for one in changes}
    assert told["mapping[revenue].label"] == ("売上", "年商")
    assert told["mapping[mail]"][0] is None
    assert told["mapping[mail]"][1]["from"] == "Owner.Email"
    assert "売上 → 年商" in next(c["text_ja"] for c in changes if "label" in c["path"])
    assert set(assets) == OF_FIELD
    assert companies == len(acme.companies()) > 0
    assert read_again == [{"object": "User", "columns": ["Email"], "whole": False}]
    assert run_id == run.run_id


def test_the_same_tick_again_asks_for_the_same_run_until_it_is_there(
    acme: Tenant, ticks: Ticks
) -> None:
    """A daemon that died between tick and launch lost the run; its key keeps it from being two."""
    ticks.settled()
    edit(acme, acme.settings.replace(*LABEL))
    first, second = ticks.requests(), ticks.requests()
    assert [one.run_key for one in first] == [one.run_key for one in second] == ["settings:acme:2"]
    assert ticks.execute(first[0]).success
    assert ticks.requests() == []


def test_settings_changed_twice_between_ticks_make_one_run_with_both(
    acme: Tenant, ticks: Ticks
) -> None:
    """The second change alone reads no records, but the first one's field was never read."""
    ticks.settled()
    acme.apply(acme.settings + NEW_FIELD)
    edit(acme, acme.settings.replace(*LABEL))
    (request,) = ticks.requests()
    assert (request.run_key, selection(request)) == ("settings:acme:3", OF_FIELD)
    assert ticks.execute(request).success
    acme.assert_follows_org()
    assert ticks.requests() == []
    open_ones = acme.query(
        "SELECT version FROM flyle.settings_changes WHERE tenant_id = %s AND settled_at IS NULL"
    )
    assert open_ones == []


def test_settings_that_went_and_came_back_between_ticks_make_no_run(
    acme: Tenant, ticks: Ticks
) -> None:
    """Two versions, nothing to read: what stands is what was."""
    ticks.settled()
    text = acme.settings
    acme.apply(text.replace(*LABEL))
    edit(acme, text)
    assert ticks.requests() == []
    assert len(versions(acme)) == 3
    assert stale_for(ticks.instance, "acme") == set()


def test_an_interval_touches_no_asset_but_moves_when_the_tenant_is_due(
    acme: Tenant, ticks: Ticks
) -> None:
    """A tenant set from 3 to 24 hours was refreshed once more, for nothing.

    It is due at its own moment of the day now, at most a day after its last sync.
    """
    ticks.settled()
    due = "SELECT next_due_at, last_synced_at FROM flyle.links WHERE tenant_id = %s"
    ((before, last),) = acme.query(due)
    edit(acme, acme.settings + "refresh: {every: 24h}\n")
    assert ticks.requests() == []
    ((after, still),) = acme.query(due)
    assert (still, after != before) == (last, True)
    assert last < after <= last + timedelta(hours=24)
    assert ticks.requests() == []


def test_what_the_console_saved_is_followed_like_a_file(acme: Tenant, ticks: Ticks) -> None:
    """The console writes a version and nothing else; the tenant has no file."""
    ticks.settled()
    file_of(acme).unlink()
    save_in_console(acme, acme.settings + NEW_FIELD)
    (request,) = ticks.requests()
    assert request.partition_key == "acme"
    assert selection(request) == OF_FIELD
    assert ticks.execute(request).success
    assert ticks.requests() == []
    assert "mail" in next(iter(acme.rows().values())).company.custom_fields


def test_where_both_exist_the_file_wins(acme: Tenant, ticks: Ticks) -> None:
    """Also when the file itself has not changed since."""
    ticks.settled()
    save_in_console(acme, acme.settings + NEW_FIELD)
    assert ticks.requests() == []
    assert versions(acme) == ["file:acme.yaml", "console:admin@example.jp", "file:acme.yaml"]
    assert ticks.requests() == []
    assert len(versions(acme)) == 3


def test_without_its_file_a_tenant_falls_back_to_what_the_console_saved(
    acme: Tenant, ticks: Ticks
) -> None:
    """Its partition stays: it has settings."""
    ticks.settled()
    save_in_console(acme, acme.settings + NEW_FIELD)
    ticks.tick()
    file_of(acme).unlink()
    (request,) = ticks.requests()
    assert selection(request) == OF_FIELD
    assert versions(acme)[-1] == "console:admin@example.jp"
    assert ticks.partitions == {"acme"}
    assert state_of(acme) == "linked"


def test_a_tenant_that_nobody_has_connected_yet_is_not_run(acme: Tenant, ticks: Ticks) -> None:
    """With the web server flow a person logs in first; a run could only fail."""
    text = acme.settings.replace("flow: client_credentials", "flow: web_server")
    edit(acme, text)
    assert ticks.requests() == []
    assert ticks.partitions == {"acme"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"org_url: {PLACEHOLDER}", "org_url: https://evil.example"),
        ("from: AnnualRevenue", 'from: "Site; DELETE"'),
    ],
)
def test_settings_that_cannot_be_right_leave_what_stands(
    acme: Tenant, ticks: Ticks, before: str, after: str
) -> None:
    """The host of somebody else was registered, and every tick asked for a run that it failed."""
    ticks.settled()
    stood = versions(acme)
    assert before in acme.settings
    edit(acme, acme.settings.replace(before, after))
    assert ticks.requests() == []
    assert versions(acme) == stood
    ((items,),) = acme.query("SELECT attention FROM flyle.links WHERE tenant_id = %s")
    assert [item["code"] for item in items] == ["settings_file_invalid"]


def test_a_change_waits_for_the_tenants_run_in_flight(acme: Tenant, ticks: Ticks) -> None:
    """The schedule had launched one a moment ago: the same work was done twice."""
    ticks.settled()
    edit(acme, acme.settings.replace(*LABEL))
    with ticks.in_flight("acme"):
        assert ticks.requests() == []
    (request,) = ticks.requests()
    assert request.run_key == "settings:acme:2"


def test_a_tenant_that_is_to_be_read_again_gets_a_run_of_everything(
    acme: Tenant, ticks: Ticks
) -> None:
    """After a reconnect a label's change ran the last two assets alone, as if all were read."""
    ticks.settled()
    disconnect(acme.installation, "acme", by="cli")
    connect_headless(acme.installation, "acme", by="cli")
    edit(acme, acme.settings.replace(*LABEL))
    (request,) = ticks.requests()
    assert request.asset_selection is None
