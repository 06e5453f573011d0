"""Lookups and schemas that an earlier version kept without checking them: mended, and never shown.

A lookup that is no id joined no parent, and the console made a link of it. What does not belong
here: rows, times and companies (``test_earlier_state.py``).
"""

import json

import polars as pl
import pytest

from flyle_sf_assets.salesforce.ids import is_record_id
from flyle_sf_assets.sync.value_provenance import origins, parent_ids
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.damaging import rereads
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.flows.test_earlier_state import WRONG_IDS, heal, keep_as_before, tenant
from flyle_sf_assets_tests.postgres import admin

__all__ = ["tenant"]

WRONG = {name: value for name, value in WRONG_IDS.items() if value is not None}
LOOKUPS = {"accounts": "OwnerId", "enriched/Account": "_id:Owner"}
DOCUMENTS = {
    "another object": '{"name": "Opportunity", "fields": []}',
    "no fields": '{"name": "Account", "label": "取引先", "queryable": true, "fields": []}',
    "no schema": '{"a": 1}',
    "a text": '"Account"',
    "a list": "[]",
    "deep": "[" * 900 + "]" * 900,
}

pytestmark = pytest.mark.usefixtures("usual_clock_bound")


def _poison(tenant: Tenant, dataset: str, value: str) -> None:
    def poison(rows: pl.DataFrame) -> pl.DataFrame:
        assert LOOKUPS[dataset] in rows.columns
        return rows.with_columns(pl.lit(value).alias(LOOKUPS[dataset]))

    keep_as_before(tenant, dataset, poison)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("dataset", LOOKUPS)
def test_impossible_lookups_of_an_earlier_version_heal(
    tenant: Tenant, dataset: str, wrong: str
) -> None:
    """Companies lost their owner's values for good: no record of an honest org had changed."""
    _poison(tenant, dataset, WRONG[wrong])
    tenant.there.update("Account", tenant.there.ids("Account")[1], {"Name": "改名"})
    heal(tenant)
    tenant.assert_follows_org()
    assert rereads(tenant) == [dataset]


@pytest.mark.parametrize("wrong", WRONG)
def test_no_impossible_lookup_becomes_a_link(tenant: Tenant, wrong: str) -> None:
    """The console's page of a company linked to ``https://org//tmp/outside``."""
    _poison(tenant, "enriched/Account", WRONG[wrong])
    for company in tenant.companies():
        found = parent_ids(tenant.installation, tenant.name, "Account", company)
        assert ("Owner",) not in found
        assert all(map(is_record_id, found.values()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_that_cannot_be_true_costs_only_its_origins(tenant: Tenant, name: str) -> None:
    """The company's page shows the values; the next refresh describes again."""
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.object_schemas SET document = %s::jsonb"
            " WHERE tenant_id = %s AND object = 'Account'",
            [DOCUMENTS[name], tenant.name],
        )
    settings = registered_settings(tenant.installation, tenant.name)
    assert settings is not None
    with tenant.installation.database.tenant(tenant.name) as tx:
        found = origins(tx, settings)
    assert list(found) == [one["to"] for one in json.loads(tenant.settings)["mapping"]]
    own = {one["to"] for one in json.loads(tenant.settings)["mapping"] if "." not in one["from"]}
    assert {found[key].object for key in own} == {""}
    tenant.there.update("Account", tenant.there.ids("Account")[1], {"Name": "改名"})
    heal(tenant)
    tenant.assert_follows_org()


def test_a_sound_lookup_is_shown(tenant: Tenant) -> None:
    """Else the tests above could not fail."""
    company = next(iter(tenant.companies()))
    found = parent_ids(tenant.installation, tenant.name, "Account", company)
    (owner,) = (one for one in tenant.there.records("Account") if one["Id"] == company)
    assert found["Owner",] == owner["OwnerId"]
