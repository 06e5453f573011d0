"""Whole syncs with an org that answers as real ones were recorded to."""

from collections.abc import Callable

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Link = Callable[[str, Org, str], Tenant]

MAPPED = (
    "{from: Regions__c, to: regions, label: 地域, type: multi_select}",
    "{from: Contract_Plan__c, to: plan, label: プラン, type: single_select}",
    "{from: BillingStateCode, to: state, label: 都道府県, type: text}",
)


def recorded_org() -> Org:
    """Inactive options are absent from its describe, and its usage header lags."""
    org = make_org(samples.account_org)
    org.lists_inactive_options = False
    org.limit_info_lag_s = 12.0
    return org


def options(tenant: Tenant, key: str) -> dict[str, tuple[str, bool]]:
    rows = tenant.query(
        "SELECT field_key, value, label, active FROM flyle.custom_field_options"
        " WHERE tenant_id = %s"
    )
    return {value: (label, active) for field, value, label, active in rows if field == key}


def test_options_that_describe_leaves_out_stay_as_they_were_known(link: Link) -> None:
    """In 5,636 recorded options none was inactive: a deactivated one is simply absent.

    One that was never seen is not known; one that was stays, inactive, with its label, and so does
    the value of every company that holds it.
    """
    org = recorded_org()
    tenant = link("recorded", org, settings_of("recorded", "{object: Account}", MAPPED))
    tenant.sync()
    assert "Legacy" not in options(tenant, "plan")
    assert options(tenant, "plan")["Enterprise"] == ("エンタープライズ", True)
    holders = {c for c, row in tenant.companies().items() if row.custom_fields["plan"] == "Free"}
    assert holders
    org.deactivate_option("Account", "Contract_Plan__c", "Free")
    tenant.later(METADATA_S)
    tenant.sync()
    assert options(tenant, "plan")["Free"] == ("フリー", False)
    found = tenant.companies()
    assert {found[one].custom_fields["plan"] for one in holders} == {"Free"}
    org.reactivate_option("Account", "Contract_Plan__c", "Free")
    tenant.later(METADATA_S)
    tenant.sync()
    assert options(tenant, "plan")["Free"] == ("フリー", True)


def test_labels_follow_a_controlling_list_without_its_inactive_options(link: Link) -> None:
    """The bits of ``validFor`` count what is described: 河北省 is at the first place now."""
    org = recorded_org()
    org.deactivate_option("Account", "BillingCountryCode", "JP")
    china = {
        str(one["Id"])
        for one in org.records("Account")
        if (one["BillingCountryCode"], one["BillingStateCode"]) == ("CN", "13")
    }
    tenant = link("recorded", org, settings_of("recorded", "{object: Account}", MAPPED))
    tenant.sync()
    found = tenant.companies()
    assert china
    assert {found[one].custom_fields["state"] for one in china} == {"河北省"}


def test_the_calls_of_a_sync_are_counted_though_the_header_lags(link: Link) -> None:
    """`syncs.api_calls` is what Salesforce counted, whatever its header still says."""
    org = recorded_org()
    tenant = link("recorded", org, settings_of("recorded", "{object: Account}", MAPPED))
    before = org.usage.total
    tenant.sync()
    (row,) = tenant.query("SELECT api_calls FROM flyle.syncs WHERE tenant_id = %s")
    assert row[0] == org.usage.total - before
