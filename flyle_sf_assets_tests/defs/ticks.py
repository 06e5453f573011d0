"""Ticks of the settings sensor, and what the daemon does with them, on a real instance.

What does not belong here: what is expected of a tick (the tests).
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from dagster import (
    AddDynamicPartitionsRequest,
    DagsterInstance,
    DagsterRunStatus,
    Definitions,
    ExecuteInProcessResult,
    RunRequest,
    SensorResult,
    build_sensor_context,
)
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.flows.dagster_runs import QUIET

TENANTS = "tenant"
SENSOR = "settings"


@dataclass(frozen=True)
class Ticks:
    """One installation's sensor, evaluated as the daemon does it."""

    installation: Installation
    instance: DagsterInstance

    def tick(self) -> SensorResult:
        """One evaluation; partitions come and go as it asked. No run is started."""
        definitions = self.definitions
        with build_sensor_context(
            instance=self.instance,
            definitions=definitions,
            sensor_name=SENSOR,
            resources={"refreshes": self._resource},
        ) as context:
            found = definitions.resolve_sensor_def(SENSOR)(context)
        assert isinstance(found, SensorResult)
        for change in found.dynamic_partitions_requests or ():
            if isinstance(change, AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(TENANTS, change.partition_keys)
            else:
                for name in change.partition_keys:
                    self.instance.delete_dynamic_partition(TENANTS, name)
        return found

    def requests(self) -> list[RunRequest]:
        """The runs that one tick asks for, held against job and partitions as the daemon does.

        A tick that fails for settings that were just saved asks for none.
        """
        try:
            found = self.tick()
        except UsageError as error:
            assert error.code == "settings_not_applied"  # noqa: PT017 - any other one is a failure
            return []
        job = self.definitions.resolve_job_def("refresh_tenant")
        return [
            request.with_resolved_tags_and_config(job, [], dynamic_partitions_store=self.instance)
            for request in found.run_requests or ()
        ]

    def settled(self) -> None:
        """Ticks, and runs, until nothing is asked for: a tenant linked and in step."""
        for _ in range(3):
            for request in self.requests():
                assert self.execute(request).success
        assert self.requests() == []

    def execute(self, request: RunRequest) -> ExecuteInProcessResult:
        """The run, with the selection and the tags that the daemon gives it."""
        job = self.definitions.resolve_job_def("refresh_tenant")
        if request.asset_selection:
            checks = request.asset_check_keys
            job = job.get_subset(
                asset_selection=set(request.asset_selection),
                asset_check_selection=None if checks is None else set(checks),
            )
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            tags={**request.tags, "dagster/run_key": request.run_key or ""},
            run_config=QUIET,
            raise_on_error=False,
        )

    @contextmanager
    def in_flight(self, tenant: str) -> Iterator[None]:
        """A run of the tenant that has not ended."""
        run = create_run_for_test(
            self.instance,
            job_name="refresh_tenant",
            tags={"dagster/partition": tenant},
            status=DagsterRunStatus.STARTED,
        )
        yield
        self.instance.delete_run(run.run_id)

    @property
    def partitions(self) -> set[str]:
        """The tenants that Dagster has a partition of."""
        return set(self.instance.get_dynamic_partitions(TENANTS))

    @property
    def definitions(self) -> Definitions:
        """The whole wiring over this installation."""
        return build_defs({"refreshes": self._resource})

    @property
    def _resource(self) -> object:
        return refreshes_of(lambda: nullcontext(self.installation))


def selection(request: RunRequest) -> set[str]:
    """The asset keys of a request as text."""
    return {key.to_user_string() for key in request.asset_selection or ()}
