"""The same runs with every whole refresh a run of the job ``refresh_tenant`` in Dagster.

Kills between steps and idle checks stay what they are: they are no runs. What does not belong
here: rules.
"""

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field

from dagster import AssetExecutionContext, DagsterInstance, Failure, ResourceDefinition, resource

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import KIND_TAG, KINDS, Refreshes
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets_tests.faults.budgeted_world import Budgeted
from flyle_sf_assets_tests.faults.guarded_world import Guarded
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.rolled_back_world import RolledBack
from flyle_sf_assets_tests.faults.world import World
from flyle_sf_assets_tests.flows.dagster_runs import QUIET


@dataclass
class DagsterWorld(World):
    """A world whose refreshes are Dagster runs, on an instance in memory."""

    instance: DagsterInstance = field(default_factory=DagsterInstance.ephemeral)
    runs: int = 0

    def refreshed(self, kind: RefreshKind) -> Refresh:
        """One run of the job; raises the product's own error when a step failed with it."""
        add_tenants(self.instance, [self.tenant.name])
        opened: list[Refresh] = []
        job = build_defs({"refreshes": _resource(self, opened)}).resolve_job_def(
            refresh_tenant.name
        )
        self.runs += 1
        try:
            job.execute_in_process(
                partition_key=self.tenant.name,
                instance=self.instance,
                run_config=QUIET,
                tags={KIND_TAG: kind},
            )
        except Failure as failure:
            if isinstance(failure.__cause__, FlyleError):
                raise failure.__cause__ from failure
            raise
        (refresh,) = opened
        return refresh

    def end(self) -> None:
        """Leaves nothing behind, the instance's database in memory included."""
        super().end()
        self.instance.dispose()


class _Refreshes(Refreshes):
    """The product's resource, with the world's clock in every refresh."""

    def __init__(self, stack: ExitStack, world: World, opened: list[Refresh]) -> None:
        super().__init__(stack, lambda: nullcontext(world.tenant.installation))
        self._stack_of_run, self._world, self._opened_here = stack, world, opened

    def _refresh(self, context: AssetExecutionContext) -> Refresh:
        assert context.partition_key == self._world.tenant.name
        if not self._opened_here:
            kind = next(one for one in KINDS if one == context.run.tags[KIND_TAG])
            made = self._stack_of_run.enter_context(self._world.opened(kind))
            self._opened_here.append(made)
        return self._opened_here[0]


def _resource(world: World, opened: list[Refresh]) -> ResourceDefinition:
    @resource
    def refreshes() -> Iterator[Refreshes]:
        with ExitStack() as stack:
            yield _Refreshes(stack, world, opened)

    return refreshes


@dataclass
class JudgedDagsterWorld(Guarded, Budgeted, RolledBack, DagsterWorld):
    """The same, with the guard, the budget and rollbacks judged too."""


class DagsterModel(Model):
    """One run of everything, through Dagster."""

    made_world = JudgedDagsterWorld

    def _finish(self) -> None:
        super()._finish()
        assert isinstance(self.world, DagsterWorld)
        assert self.world.runs >= self.world.refreshes
