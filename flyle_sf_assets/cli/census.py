"""``flyle-sf census``: everything that is held compared with the org now."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.syncing.command import register_file
from flyle_sf_assets.cli.syncing.dagster_run import refresh_in_process
from flyle_sf_assets.cli.syncing.outcome import SyncOutcome, never_began
from flyle_sf_assets.cli.terminal.language import language
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.defs.instance import instance_of
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.store.syncs.census import CensusFigures, census_of_sync
from flyle_sf_assets.sync.context import require_connected
from flyle_sf_assets.sync.load.census_report import in_words


@dataclass(frozen=True)
class CensusOutcome:
    """How a census ended: its sync, and its figures when it ran to its end."""

    sync: SyncOutcome
    figures: CensusFigures | None

    @property
    def exit_code(self) -> int:
        """The command's exit code; healed records are no failure."""
        return self.sync.exit_code

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints; the figures are null when there was no census."""
        names = [field.name for field in fields(CensusFigures)]
        found = dict.fromkeys(names) if self.figures is None else asdict(self.figures)
        ended = self.sync.document()
        beside = ("sync_id", "state", "api_calls", "seconds", "error")
        return {"tenant": self.sync.tenant, **found, **{name: ended[name] for name in beside}}

    def print(self) -> None:
        """One line for people; the error, if any, goes to stderr."""
        self.sync.print()
        if self.figures is not None:
            words = in_words(self.figures).in_language(language())
            to_stdout().print(f"{self.sync.tenant}: {words}")


def take_census(tenant: str, *, show_progress: bool = True) -> CensusOutcome:
    """Registers the tenant's file, if there is one, and makes a census.

    Raises what prevents it before it can begin, as `sync_tenant` does.
    """
    with installation() as opened:
        register_file(opened, tenant)
        require_connected(opened, tenant)
        with instance_of(opened) as instance:
            ended = refresh_in_process(
                opened, instance, tenant, kind="census", show_progress=show_progress
            )
        if ended.sync is None or ended.error is not None:
            return CensusOutcome(ended, None)
        with opened.database.tenant(tenant) as tx:
            return CensusOutcome(ended, census_of_sync(tx, ended.sync.sync_id))


def no_census(tenant: str, error: FlyleError) -> CensusOutcome:
    """The outcome of a census that an error prevented."""
    return CensusOutcome(never_began(tenant, error), None)
