"""Large reads of one dataset within one refresh: each lies in files until the commit."""

from collections.abc import Callable
from functools import partial

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.extract import dataset_reader as reading
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Link = Callable[[str, Org, str], Tenant]

MAPPING = ("{from: Type, to: t, label: t}", "{from: Parent.Name, to: parent, label: parent}")


@pytest.mark.parametrize("kind", ["sweep", "census"])
def test_a_first_sync_by_bulk_may_be_a_night_s(link: Link, kind: RefreshKind) -> None:
    """The comparison's download removed the files of the first, which were not written yet."""
    org = make_org(partial(samples.big_org, "big", org_number=78), accounts=200, opportunities=0)
    mapping = [*MAPPING, "{from: Customer_Rank__c, to: rank, label: rank}"]
    tenant = link("night", org, settings_of("night", "{object: Account}", mapping))
    tenant.rest_rows_max = 0
    tenant.sync(kind=kind)
    tenant.assert_follows_org()


def test_many_parents_of_the_base_s_own_object_beside_a_base_read_by_bulk(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parents out of scope are accounts too: their download removed the files of the base."""
    monkeypatch.setattr(reading, "WHOLE_OBJECT_IDS_MIN", 1)
    org = make_org(partial(samples.big_org, "big", org_number=79), accounts=200, opportunities=0)
    parent, child = org.ids("Account")[:2]
    org.update("Account", parent, {"Type": "Other"})
    org.update("Account", child, {"Type": "Customer - Direct", "ParentId": parent})
    scope = "{object: Account, conditions: [{field: Type, op: eq, value: Customer - Direct}]}"
    tenant = link("parents", org, settings_of("parents", scope, MAPPING))
    tenant.rest_rows_max = 0
    tenant.sync()
    assert tenant.there.usage.by_kind["bulk_create"] >= 2
    tenant.assert_follows_org()


def test_many_parents_of_a_new_tenant_go_from_the_pages_into_their_file(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their own parents are read in a second hop, and the next refresh follows a change of both."""
    monkeypatch.setattr(reading, "WHOLE_OBJECT_IDS_MIN", 1)
    org = make_org(partial(samples.big_org, "big", org_number=80), accounts=60, opportunities=200)
    above, below, *_, gone, orphan = org.ids("Account")
    org.update("Account", below, {"ParentId": above})
    org.update("Account", orphan, {"ParentId": gone})
    for deal in org.ids("Opportunity")[:40]:
        org.update("Opportunity", deal, {"AccountId": below})
    org.delete("Account", gone)
    mapping = [
        f"{{from: {path}, to: {to}, label: {to}}}"
        for path, to in (("Account.Name", "name"), ("Account.Parent.Name", "above"))
    ]
    tenant = link("new", org, settings_of("new", "{object: Opportunity}", mapping))
    tenant.rest_rows_max = 0
    tenant.sync()
    assert tenant.there.usage.by_kind["bulk_create"] >= 2
    tenant.assert_follows_org()
    org.update("Account", above, {"Name": "新しい親"})
    org.update("Account", below, {"Name": "新しい子"})
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()
