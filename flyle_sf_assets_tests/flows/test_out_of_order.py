"""Assets that a person materializes alone, before what they are made from."""

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets.sync.steps.companies import write_companies
from flyle_sf_assets.sync.steps.enriched_records import enrich_records
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.raw_records import read_records
from flyle_sf_assets_tests.flows.tenants import Tenant


def test_companies_before_any_record_name_the_asset_that_comes_first(acme: Tenant) -> None:
    """A click on one asset of a new tenant gave a ValueError, three times with the retries."""
    with acme.open_refresh() as refresh:
        run_step(refresh, describe_objects)
        with pytest.raises(UsageError, match="Materialize flyle/enriched_records first"):
            run_step(refresh, write_companies)
    assert acme.rows() == {}


def test_records_are_not_joined_before_every_object_was_read(acme: Tenant) -> None:
    """polars said ColumnNotFoundError; had a parent been missing alone, its fields were blanked."""
    with acme.open_refresh() as refresh:
        run_step(refresh, describe_objects)
        with pytest.raises(UsageError, match="Materialize salesforce/accounts first"):
            run_step(refresh, enrich_records)
        run_step(refresh, read_records, "accounts")
        with pytest.raises(UsageError, match="Materialize salesforce/related_records first"):
            run_step(refresh, enrich_records)
    acme.sync()
    acme.assert_follows_org()
