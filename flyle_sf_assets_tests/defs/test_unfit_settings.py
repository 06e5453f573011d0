"""Settings that an org does not fit, through the sensor: what worked goes on until they fit."""

import os
from dataclasses import replace
from typing import Any

import pytest
from dagster import ExecuteInProcessResult, RunRequest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.store.syncs.schedule_inputs import read_agendas
from flyle_sf_assets_tests.defs.persons import edit, file_of, state_of, versions
from flyle_sf_assets_tests.defs.staleness import stale_for
from flyle_sf_assets_tests.defs.test_settings_sensor import stale_in_status
from flyle_sf_assets_tests.defs.ticks import Ticks, selection
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin

PHONE = "  - {from: Phone, to: phone, label: 電話}\n"
MISSPELT = ("AnnualRevenue", "AnualRevenue")


def attention(tenant: Tenant) -> list[dict[str, Any]]:
    ((items,),) = tenant.query("SELECT attention FROM flyle.links WHERE tenant_id = %s")
    return list(items)


def in_effect(tenant: Tenant) -> int:
    ((version,),) = tenant.query("SELECT settings_version FROM flyle.links WHERE tenant_id = %s")
    return int(version)


def refresh(ticks: Ticks) -> ExecuteInProcessResult:
    """A run of everything, as the schedule asks for it."""
    return ticks.execute(RunRequest(run_key=None, partition_key="acme"))


def rename_one(tenant: Tenant, name: str) -> str:
    """Something changes in the org; returns the record."""
    tenant.org_clock.advance(7200)
    record = min(str(one["Id"]) for one in tenant.there.records("Account"))
    tenant.there.update("Account", record, {"Name": name})
    tenant.org_clock.advance(7200)
    return record


def test_settings_that_the_org_does_not_fit_leave_those_that_work(
    acme: Tenant, ticks: Ticks
) -> None:
    """A misspelt field, saved, became version 2 within 15 s and stopped the tenant."""
    ticks.settled()
    rows, good = acme.rows(), acme.settings
    edit(acme, good.replace(*MISSPELT) + "  - {from: Nothing__c, to: nothing, label: 無}\n")
    (request,) = ticks.requests()
    assert ticks.execute(request).success
    assert acme.rows() == rows
    assert (state_of(acme), in_effect(acme), len(versions(acme))) == ("linked", 1, 2)
    (item,) = attention(acme)
    assert item["code"] == "settings_not_applied"
    assert "AnualRevenue" in item["message_ja"]
    assert "Nothing__c" in item["message_en"]
    assert stale_in_status(acme) == set()
    assert stale_for(ticks.instance, "acme") == set()
    assert ticks.requests() == []
    acme.settings = good
    record = rename_one(acme, "その後の会社")
    assert refresh(ticks).success
    assert acme.companies()[record].name == "その後の会社"
    acme.assert_follows_org()


@pytest.mark.parametrize("is_told", [False, True], ids=["304", "Last-Modified moves"])
def test_settings_take_over_by_themselves_once_the_org_fits_them(
    acme: Tenant, ticks: Ticks, *, is_told: bool
) -> None:
    """The field was only hidden; no one saves the file a second time."""
    org = acme.there
    org.permissions_move_last_modified = is_told
    org.hide_field("Account", "Phone")
    ticks.settled()
    edit(acme, acme.settings + PHONE)
    (request,) = ticks.requests()
    assert ticks.execute(request).success
    assert in_effect(acme) == 1
    assert ticks.requests() == []
    org.show_field("Account", "Phone")
    acme.org_clock.advance(60)
    taken = refresh(ticks)
    assert taken.success
    assert (in_effect(acme), attention(acme)) == (2, [])
    acme.assert_follows_org()
    assert any(one.company.custom_fields.get("phone") for one in acme.rows().values())
    assert stale_in_status(acme) == set()
    assert stale_for(ticks.instance, "acme") == set()
    assert ticks.requests() == []
    ((run_id,),) = acme.query(
        "SELECT dagster_run_id FROM flyle.settings_changes WHERE tenant_id = %s AND version = 2"
    )
    assert run_id == taken.run_id


def test_a_file_put_back_needs_no_run_and_leaves_no_trace_on_the_link(
    acme: Tenant, ticks: Ticks
) -> None:
    """A person sees the mistake, and undoes it in the editor."""
    ticks.settled()
    good = acme.settings
    edit(acme, good.replace(*MISSPELT))
    (request,) = ticks.requests()
    assert ticks.execute(request).success
    edit(acme, good)
    assert ticks.requests() == []
    assert (in_effect(acme), attention(acme), len(versions(acme))) == (3, [], 3)
    assert stale_in_status(acme) == set()
    assert stale_for(ticks.instance, "acme") == set()
    ((changes,),) = acme.query(
        "SELECT changes FROM flyle.settings_changes WHERE tenant_id = %s AND version = 3"
    )
    assert changes == []


def test_of_several_versions_that_do_not_fit_the_newest_is_compared(
    acme: Tenant, ticks: Ticks
) -> None:
    """Two mistakes one after the other, and the first one's remedy: only what is saved counts."""
    ticks.settled()
    good = acme.settings
    edit(acme, good.replace(*MISSPELT))
    (first,) = ticks.requests()
    assert ticks.execute(first).success
    edit(acme, good.replace("Industry", "Indastry"))
    (second,) = ticks.requests()
    assert selection(second) >= {"salesforce/accounts"}
    assert ticks.execute(second).success
    (item,) = attention(acme)
    assert "Indastry" in item["message_en"]
    assert "AnualRevenue" not in item["message_en"]
    assert in_effect(acme) == 1
    # The first one would fit now.
    field = acme.there.catalog.objects["account"].field("AnnualRevenue")
    acme.there.add_field("Account", replace(field, name="AnualRevenue"))
    assert refresh(ticks).success
    assert in_effect(acme) == 1
    edit(acme, good + PHONE)
    (third,) = ticks.requests()
    assert ticks.execute(third).success
    assert (in_effect(acme), attention(acme)) == (4, [])
    acme.assert_follows_org()
    ((changes,),) = acme.query(
        "SELECT changes FROM flyle.settings_changes WHERE tenant_id = %s AND version = 4"
    )
    assert [one["path"] for one in changes] == ["mapping[phone]"]


def test_an_org_that_does_not_answer_refuses_no_settings(acme: Tenant, ticks: Ticks) -> None:
    """They wait, and what works stays as it is; the next run that reaches the org compares them."""
    ticks.settled()
    good = acme.settings
    edit(acme, good + PHONE)
    (request,) = ticks.requests()
    acme.there.faults.add(Fault(FaultKind.STATUS, "/", times=1_000, status=503))
    assert not ticks.execute(request).success
    acme.there.faults.clear()
    assert (in_effect(acme), attention(acme)) == (1, [])
    assert refresh(ticks).success
    assert in_effect(acme) == 2
    acme.assert_follows_org()


def test_a_connection_that_does_not_work_leaves_the_one_that_does(
    acme: Tenant, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt variable name stopped a tenant whose keys were still there."""
    ticks.settled()
    good = acme.settings
    edit(acme, good.replace("ACME_SF_KEY", "ACME_SF_KYE"))
    for request in ticks.requests():
        assert ticks.execute(request).success
    record = rename_one(acme, "その後の会社")
    assert refresh(ticks).success
    assert acme.companies()[record].name == "その後の会社"
    assert (state_of(acme), in_effect(acme)) == ("linked", 1)
    (item,) = attention(acme)
    assert item["code"] == "settings_not_applied"
    assert "ACME_SF_KYE" in item["message_en"]
    monkeypatch.setenv("ACME_SF_KYE", os.environ["ACME_SF_KEY"])
    assert refresh(ticks).success
    assert (in_effect(acme), attention(acme)) == (2, [])


def test_another_base_object_that_does_not_fit_changes_no_company(
    acme: Tenant, ticks: Ticks
) -> None:
    """The link said Opportunity while the companies were accounts."""
    ticks.settled()
    rows = acme.rows()
    edit(acme, acme.settings.replace("object: Account\n", "object: Opportunity\n"))
    for request in ticks.requests():
        assert ticks.execute(request).success
    assert acme.rows() == rows
    ((base,),) = acme.query("SELECT source_object FROM flyle.links WHERE tenant_id = %s")
    assert (base, in_effect(acme)) == ("Account", 1)


def test_the_interval_of_settings_that_do_not_fit_is_not_used(acme: Tenant, ticks: Ticks) -> None:
    """A version is in effect as a whole, or not at all."""
    ticks.settled()
    due = "SELECT next_due_at FROM flyle.links WHERE tenant_id = %s"
    before = acme.query(due)
    edit(acme, acme.settings.replace(*MISSPELT) + "refresh: {every: 24h}\n")
    (request,) = ticks.requests()
    assert acme.query(due) == before
    assert ticks.execute(request).success
    with acme.installation.database.fleet() as tx:
        (agenda,) = read_agendas(tx)
    assert (agenda.every, agenda.settings_version) == ("3h", 2)


def test_a_first_version_that_does_not_fit_has_nothing_to_go_on_with(
    acme: Tenant, ticks: Ticks
) -> None:
    """It fails, says why, and is tried again when it changes."""
    good = acme.settings
    edit(acme, good.replace(*MISSPELT))
    (request,) = ticks.requests()
    assert not ticks.execute(request).success
    (item,) = attention(acme)
    assert (state_of(acme), item["code"]) == ("failing", "settings_invalid")
    edit(acme, good)
    (request,) = ticks.requests()
    assert ticks.execute(request).success
    assert (state_of(acme), attention(acme)) == ("linked", [])


def test_the_tick_fails_with_the_reason_while_the_mistake_is_new(
    acme: Tenant, ticks: Ticks
) -> None:
    """The author looks at the sensor's page in the minutes after saving; later it is one of many.

    A tick that failed for ever would hide the next mistake.
    """
    ticks.settled()
    edit(acme, acme.settings.replace(*MISSPELT))
    (request,) = ticks.requests()
    assert ticks.execute(request).success
    with pytest.raises(UsageError, match=r"acme \(version 2: mapping\[0\]\.from .*AnualRevenue"):
        ticks.tick()
    with admin(acme.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.settings_refusals SET refused_at = now() - interval '1 hour'"
        )
    assert "not applied: acme (version 2: mapping[0].from" in str(ticks.tick().skip_reason)


def test_a_broken_file_fails_the_tick_until_it_is_gone(acme: Tenant, ticks: Ticks) -> None:
    """Also one that never had a usable text, and so no link that could say it."""
    ticks.settled()
    broken = file_of(acme).with_name("initech.yaml")
    broken.write_text("tenant: [", encoding="utf-8")
    with pytest.raises(UsageError, match=r"initech \(file: initech\.yaml:1 "):
        ticks.tick()
    with admin(acme.installation.database_url) as connection:
        connection.execute("UPDATE flyle.settings_files SET read_at = now() - interval '1 hour'")
    assert "not applied: initech (file: initech.yaml:1" in str(ticks.tick().skip_reason)
    broken.unlink()
    assert "initech" not in str(ticks.tick().skip_reason)
