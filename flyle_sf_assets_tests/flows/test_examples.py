"""The examples in docstrings that need an installation and an org."""

from dataclasses import replace
from typing import Any

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.installation.opened import open_installation
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.steps.companies import write_companies
from flyle_sf_assets.sync.steps.enriched_records import enrich_records
from flyle_sf_assets.sync.steps.picklist_options import follow_options
from flyle_sf_assets.sync.steps.raw_records import read_records
from flyle_sf_assets.tenants.registration import register, registered_settings
from flyle_sf_assets_tests.examples import run_examples
from flyle_sf_assets_tests.flows.tenants import Tenant


def test_examples_from_registration_to_disconnecting(acme: Tenant) -> None:
    """In the order of a tenant's life; each leaves what the next one takes as given."""
    installation = acme.installation
    environment = replace(
        installation.environment,
        database_url=installation.database_url,
        dagster_database_url=installation.dagster_database_url,
    )
    names: dict[str, Any] = {
        "installation": installation,
        "environment": environment,
        "database": installation.database,
        "settings": registered_settings(installation, "acme"),
        "file": environment.config_dir / "tenants" / "acme.yaml",
        "load_tenant": load_tenant,
    }
    steps: dict[str, Any] = {
        "RAW_ASSETS": RAW_ASSETS,
        "read_records": read_records,
        "enrich_records": enrich_records,
        "follow_options": follow_options,
        "write_companies": write_companies,
    }
    run_examples(open_installation, **names)
    run_examples(register, **names)
    run_examples(connect_headless, **names)
    run_examples(preview, **names)
    run_examples(open_refresh, **names, **steps)
    run_examples(CommittedState, **names)
    run_examples(disconnect, **names)
