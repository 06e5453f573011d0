"""Previews of settings that stay, while records and the connection do not."""

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.flows.changes import change_accounts
from flyle_sf_assets_tests.flows.previews import assert_came_true, counts, done, foretold
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link


def follow(tenant: Tenant) -> dict[str, int]:
    """Time passes; what is foretold happens."""
    tenant.later()
    return counts(assert_came_true(tenant, tenant.settings))


def test_records_that_are_merged_deleted_and_undeleted(acme: Tenant) -> None:
    """A parent that came back was not seen as one: it was held as gone."""
    org = acme.there
    acme.sync()
    acme.later()
    winner, loser, deleted = (str(account["Id"]) for account in org.records("Account")[10:13])
    org.merge("Account", winner, [loser])
    org.delete("Account", deleted)
    assert follow(acme)["gone"] == 2
    org.undelete("Account", deleted)
    back = follow(acme)
    assert (back["gone"], back["blanked"]) == (0, 0)
    assert back["changed"] > 1


def test_one_to_one_objects_that_go_come_back_and_double(acme: Tenant) -> None:
    """A second claim is rejected and keeps the last value; a lost one blanks it."""
    org = acme.there
    acme.sync()
    acme.later()
    first, second = (str(one["Id"]) for one in org.records("Contract_Info__c")[:2])
    org.delete("Contract_Info__c", first)
    org.delete("Contract_Info__c", second)
    assert follow(acme)["blanked"] == 2
    org.undelete("Contract_Info__c", first)
    assert follow(acme)["changed"] == 1
    owner = str(org.records("Contract_Info__c")[0]["Account__c"])
    org.insert("Contract_Info__c", {"Account__c": owner, "Plan__c": "Free"})
    assert follow(acme)["changed"] == 0


def test_a_value_outside_the_list_is_an_option_to_be_added(acme: Tenant) -> None:
    acme.sync()
    acme.later()
    acme.there.update("Account", acme.there.ids("Account")[9], {"Industry": "無い値"})
    assert follow(acme) == {"created": 0, "changed": 1, "gone": 0, "blanked": 0, "options": 1}


def test_connecting_again_brings_the_companies_back(acme: Tenant) -> None:
    """Everything is read again then: what is held counts for nothing until it was."""
    connect_headless(acme.installation, "acme", by="cli")
    acme.sync()
    acme.later()
    disconnect(acme.installation, "acme", by="cli")
    change_accounts(acme.there)
    acme.later()
    connect_headless(acme.installation, "acme", by="cli")
    said = foretold(acme, acme.settings)
    happened, _ = done(acme, acme.settings)
    assert said.exact
    assert counts(said) == happened
    assert (said.returning.count, said.created.count) == (59, 1)


def test_a_mass_touch_without_a_change_is_an_estimate_of_nothing(link: Link) -> None:
    """An edit of a picklist moves the stamp of every record: more than are looked at closely."""
    org = make_org(samples.account_org, accounts=2_100, opportunities=0)
    settings = settings_of(
        "acme", "{object: Account}", ["{from: Website, to: site, label: サイト}"]
    )
    tenant = link("acme", org, settings)
    tenant.sync()
    tenant.later()
    for account in org.records("Account"):
        org.update("Account", str(account["Id"]), {"Rating": "Hot"})
    tenant.later()
    said = foretold(tenant, settings)
    happened, _ = done(tenant, settings)
    assert counts(said) == happened == dict.fromkeys(happened, 0)
    assert (said.created.exact, said.leaving.exact, said.changed.exact) == (True, True, False)
    assert said.sampled == 2_000
