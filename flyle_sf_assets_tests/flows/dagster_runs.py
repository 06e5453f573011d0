"""Runs of a tenant through Dagster, on a real instance, as its UI starts them.

What does not belong here: running steps without Dagster (``tenants.py``).
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult, materialize

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.assets import all_assets
from flyle_sf_assets.defs.instance import add_tenants, observe_settings
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import KIND_TAG, refreshes_of
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.tenants import Tenant

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class DagsterRuns:
    """What a person starts for one tenant. The product's clock is the machine's in these runs."""

    tenant: Tenant
    instance: DagsterInstance

    def __post_init__(self) -> None:
        """The tenant's partition and settings are known, as after ``flyle-sf apply``."""
        add_tenants(self.instance, [self.tenant.name])
        self.observe()
        self.tenant.clock.move_to(datetime.now(UTC))

    def observe(self) -> None:
        """Tells Dagster of the settings as registered."""
        settings = registered_settings(self.tenant.installation, self.tenant.name)
        assert settings is not None
        observe_settings(self.instance, settings)

    def refresh(self, kind: str | None = None) -> ExecuteInProcessResult:
        """The job that refreshes a tenant; ``kind`` is what the run's tag says."""
        job = build_defs({"refreshes": self._resource}).resolve_job_def(refresh_tenant.name)
        return job.execute_in_process(
            partition_key=self.tenant.name,
            instance=self.instance,
            run_config=QUIET,
            raise_on_error=False,
            tags={} if kind is None else {KIND_TAG: kind},
        )

    def materialize(self, *keys: AssetKey) -> ExecuteInProcessResult:
        """Some assets alone."""
        return materialize(
            all_assets,
            selection=list(keys),
            partition_key=self.tenant.name,
            resources={"refreshes": self._resource},
            instance=self.instance,
            run_config=QUIET,
            raise_on_error=False,
        )

    def later(self, seconds: float = 3600) -> None:
        """Time passes in the org, and in what the steps are given when run without Dagster."""
        self.tenant.org_clock.advance(seconds)
        now = datetime.now(UTC) + timedelta(seconds=seconds)
        self.tenant.clock.move_to(max(self.tenant.clock.now(), now))

    @property
    def _resource(self) -> object:
        installation = self.tenant.installation
        return refreshes_of(lambda: nullcontext(installation))
