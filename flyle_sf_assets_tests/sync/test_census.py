"""What a census tells: how many records it compared, how many matched, what it healed."""

from typing import Any

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link

OWN_FIELDS = ["{from: Industry, to: industry, label: 業種}", "{from: Type, to: kind, label: 種別}"]


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """A synced tenant without parents: as many records are compared as it has accounts."""
    made = link(
        "acme", make_org(samples.account_org), settings_of("acme", "{object: Account}", OWN_FIELDS)
    )
    made.sync()
    made.later()
    return made


def accounts(tenant: Tenant) -> list[str]:
    return sorted(str(record["Id"]) for record in tenant.there.records("Account"))


def last_sync(tenant: Tenant) -> tuple[str, Any]:
    """Kind of the last sync, and its figures of the census."""
    (row,) = tenant.query(
        "SELECT kind, census FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    )
    return row


def figures(tenant: Tenant) -> tuple[int, int, int, int]:
    """checked, matched, healed and missing of a census that is made now."""
    tenant.sync(kind="census")
    kind, found = last_sync(tenant)
    assert kind == "census"
    assert found["checked"] == found["matched"] + found["healed"]
    return found["checked"], found["matched"], found["healed"], found["missing"]


def tamper(tenant: Tenant, sql: str, external_id: str) -> None:
    """Changes a company's row behind the product's back."""
    with admin(tenant.installation.database_url) as connection:
        done = connection.execute(
            f"UPDATE flyle.companies SET {sql} WHERE external_id = %s".encode(),  # noqa: S608
            [external_id],
        )
        assert done.rowcount == 1


def test_a_census_of_what_is_right_matches_whole(tenant: Tenant) -> None:
    size = len(accounts(tenant))
    before = tenant.rows()
    assert figures(tenant) == (size, size, 0, 0)
    assert tenant.rows() == before
    tenant.later()
    tenant.sync()
    assert last_sync(tenant) == ("refresh", None)
    tenant.sync(kind="sweep")
    assert last_sync(tenant) == ("sweep", None)


def test_parents_in_use_are_compared_too(globex: Tenant) -> None:
    globex.sync()
    globex.later()
    checked, matched, healed, missing = figures(globex)
    assert checked > len([c for c in globex.companies().values() if c.status == "linked"])
    assert (matched, healed, missing) == (checked, 0, 0)


def test_what_a_window_brings_is_no_difference(tenant: Tenant) -> None:
    """The census reads the window first: what any refresh would have found is not healed."""
    size = len(accounts(tenant))
    tenant.there.update("Account", accounts(tenant)[0], {"Type": "Partner"})
    tenant.there.insert("Account", {"Name": "New"})
    tenant.later()
    assert figures(tenant) == (size + 1, size + 1, 0, 0)
    tenant.assert_follows_org()


def test_a_record_that_vanished_without_a_trace_is_missing(tenant: Tenant) -> None:
    size = len(accounts(tenant))
    gone = accounts(tenant)[0]
    tenant.there.hard_delete("Account", gone)
    tenant.later()
    assert figures(tenant) == (size, size - 1, 1, 1)
    assert tenant.companies()[gone].status == "missing"
    assert figures(tenant) == (size - 1, size - 1, 0, 0)


def test_a_value_that_changed_without_a_stamp_is_healed(tenant: Tenant) -> None:
    """No table of such fields is complete; what a window cannot see, the census must."""
    size = len(accounts(tenant))
    changed = accounts(tenant)[3]
    tenant.there.set_computed("Account", changed, "Industry", "Healthcare")
    tenant.later()
    tenant.sync()
    assert tenant.companies()[changed].custom_fields["industry"] != "Healthcare"
    assert figures(tenant) == (size, size - 1, 1, 0)
    assert tenant.companies()[changed].custom_fields["industry"] == "Healthcare"
    tenant.assert_follows_org()


def test_a_parents_value_that_changed_without_a_stamp_is_healed(globex: Tenant) -> None:
    globex.sync()
    parent = next(
        str(d["AccountId"]) for d in globex.there.records("Opportunity") if d["AccountId"]
    )
    globex.there.set_computed("Account", parent, "NumberOfEmployees", 77)
    globex.later()
    assert figures(globex)[2] == 1
    globex.assert_follows_org()


def test_what_moves_with_activities_is_swept(globex: Tenant) -> None:
    """`HasOpenActivity` is not calculated in describe, and no stamp tells that it moved."""
    globex.sync()
    deal = next(c for c, row in globex.companies().items() if row.status == "linked")
    assert globex.companies()[deal].custom_fields["has_open_activity"] is False
    globex.there.set_computed("Opportunity", deal, "HasOpenActivity", value=True)
    globex.later()
    globex.sync()
    assert globex.companies()[deal].custom_fields["has_open_activity"] is False
    globex.sync(kind="sweep")
    assert globex.companies()[deal].custom_fields["has_open_activity"] is True
    globex.assert_follows_org()


def test_companies_are_compared_whole_with_what_the_records_yield(tenant: Tenant) -> None:
    """A row that was changed behind the product's back is healed, frozen ones too."""
    size = len(accounts(tenant))
    changed, renamed, frozen, *_ = accounts(tenant)
    tenant.there.delete("Account", frozen)
    tenant.later()
    tenant.sync()
    tenant.later()
    before = tenant.companies()
    tamper(tenant, 'custom_fields = custom_fields || \'{"kind": "x"}\'', changed)
    tamper(tenant, "name = 'Somebody else'", renamed)
    tamper(tenant, "status = 'missing', status_reason = 'not_found'", frozen)
    assert figures(tenant) == (size, size - 3, 3, 0)
    assert tenant.companies() == before
    tenant.later()
    assert figures(tenant) == (size - 1, size - 1, 0, 0)


def test_a_company_that_is_lost_is_written_again(tenant: Tenant) -> None:
    before, lost = tenant.companies(), accounts(tenant)[0]
    with admin(tenant.installation.database_url) as connection:
        connection.execute("DELETE FROM flyle.companies WHERE external_id = %s", [lost])
    size = len(before)
    assert figures(tenant) == (size, size - 1, 1, 0)
    assert tenant.companies() == before


def test_new_settings_are_no_difference(tenant: Tenant) -> None:
    """Every row is converted again then: that is not the census's doing."""
    size = len(accounts(tenant))
    tenant.apply(tenant.settings.replace("label: 種別", "label: 種別, type: text"))
    tenant.later()
    assert figures(tenant) == (size, size, 0, 0)
