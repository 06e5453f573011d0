"""The one resource: the refreshes that a run has open, one per tenant, each under its lock.

The installation is opened when the first step needs it, so the code location loads without a
database.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Concatenate, ParamSpec, get_args

from dagster import AssetExecutionContext, ResourceDefinition, resource
from dagster._core.storage.tags import RETRY_NUMBER_TAG

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.failures import failure_of
from flyle_sf_assets.defs.instance import observe_settings
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.sync.session import open_refresh, run_step
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.logs import configure_once
from flyle_sf_assets.tenants.held_changes import approve_held

KIND_TAG = "flyle/kind"
"""What kind of refresh a run is, one of `KINDS`; without the tag a plain one."""

KINDS: tuple[RefreshKind, ...] = get_args(RefreshKind)

TENANT_TAG = "tenant"
"""The run's tenant, to filter the list of runs by."""

SYNC_TAG = "flyle/sync_id"
"""The row of ``flyle.syncs`` that a run writes."""

APPROVE_TAG = "flyle/approve"
"""On the runs that approve what is held for their tenant, before anything else."""

NO_RUN_RETRY = {"dagster/retry_on_asset_or_op_failure": "false"}

P = ParamSpec("P")
Step = Callable[Concatenate[Refresh, P], StepReport]
Opener = Callable[[], AbstractContextManager[Installation]]


class Refreshes:
    """Steps of one run: the tenant is the partition, the sync is the run."""

    def __init__(
        self,
        stack: ExitStack,
        opener: Opener,
        on_wait: Callable[[], None] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.clock = clock
        self._stack = stack
        self._opener = opener
        self._on_wait = on_wait
        self._installation: Installation | None = None
        self._open: dict[str, Refresh] = {}

    def installation(self) -> Installation:
        """The installation, opened on first use."""
        if self._installation is None:
            configure_once()
            self._installation = self._stack.enter_context(self._opener())
        return self._installation

    def step(
        self, context: AssetExecutionContext, step: Step[P], *args: P.args, **kwargs: P.kwargs
    ) -> StepReport:
        """Runs one step of the run's tenant.

        An error, foreseen or not, becomes a Failure; one that no retry within minutes can help
        fails the run without Dagster retrying it.
        """
        try:
            refresh = self._refresh(context)
            try:
                report = run_step(refresh, step, *args, **kwargs)
            finally:
                _observe(context, refresh)
        except Exception as raised:  # noqa: BLE001 - the boundary; raised below as a Failure
            error = as_flyle_error(raised, _tried(context))
        else:
            # Customer data stays out of the event log unless the installation allows it.
            is_shown = self.installation().environment.shows_samples
            return report if is_shown else replace(report, sample=None)
        if not error.retryable or error.lasts:
            # `allow_retries` concerns only the op; run retries read this tag.
            context.instance.add_run_tags(context.run.run_id, NO_RUN_RETRY)
        raise failure_of(error)

    def is_first_sync(self, tenant: str) -> bool:
        """Whether the run's refresh of the tenant is its first."""
        return tenant in self._open and self._open[tenant].is_first

    def _refresh(self, context: AssetExecutionContext) -> Refresh:
        tenant = context.partition_key
        if tenant not in self._open:
            run = context.run
            # A retry goes on with the approval that is stored: the numbers may be others now.
            if APPROVE_TAG in run.tags and RETRY_NUMBER_TAG not in run.tags:
                by = f"Dagster run {run.run_id}"
                approve_held(self.installation(), tenant, by=by, clock=self.clock)
            refresh = self._stack.enter_context(
                open_refresh(
                    self.installation(),
                    tenant,
                    kind=_kind(run.tags.get(KIND_TAG, "refresh")),
                    run_id=run.run_id,
                    is_retry=RETRY_NUMBER_TAG in run.tags,
                    clock=self.clock,
                    on_wait=self._on_wait,
                )
            )
            context.instance.add_run_tags(run.run_id, {SYNC_TAG: str(refresh.sync_id)})
            self._open[tenant] = refresh
        return self._open[tenant]


def _observe(context: AssetExecutionContext, refresh: Refresh) -> None:
    """Reports the settings to Dagster that the run goes on with after comparing newer ones.

    Dagster read the settings of the step when it began, and forgets them here: what the step
    materializes is made from these.
    """
    if not refresh.has_compared:
        return
    observe_settings(context.instance, refresh.settings)
    running = context.op_execution_context.get_step_execution_context()
    for part in keys.SETTINGS_PARTS:
        running.wipe_input_asset_version_info(keys.link_settings(part))
    refresh.has_compared = False


def _kind(tag: str) -> RefreshKind:
    for kind in KINDS:
        if kind == tag:
            return kind
    raise UsageError(
        "unknown_refresh_kind",
        tried=Text(
            f"実行のタグ {KIND_TAG} を読み取ろうとしました",
            f"Tried to read the run's tag {KIND_TAG}",
        ),
        came_back=Text(f"値は {tag!r} です", f"It says {tag!r}"),
        remedy=Text(
            f"{KIND_TAG} には {', '.join(KINDS)} のいずれかを指定してください",
            f"Set {KIND_TAG} to one of {', '.join(KINDS)}",
        ),
    )


def _tried(context: AssetExecutionContext) -> Text:
    tenant, asset = context.partition_key, context.asset_key.to_user_string()
    return Text(
        f"テナント {tenant} の {asset} を更新しようとしました",
        f"Tried to refresh {asset} of {tenant}",
    )


def refreshes_of(
    opener: Opener, on_wait: Callable[[], None] | None = None, clock: Clock = utc_now
) -> ResourceDefinition:
    """The resource over any way to open an installation; tests pass their own, and their clock.

    ``on_wait`` is called when another refresh of the same tenant has to end first.
    """

    @resource(description="The refreshes that one run has open, one a tenant.")
    def refreshes() -> Iterator[Refreshes]:
        with ExitStack() as stack:
            yield Refreshes(stack, opener, on_wait, clock)

    return refreshes


def default_refreshes() -> ResourceDefinition:
    """The resource over the installation that ``FLYLE_*`` names."""
    return refreshes_of(lambda: open_installation(Environment.from_environment()))
