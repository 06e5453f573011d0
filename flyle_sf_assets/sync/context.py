"""What the steps of one refresh share: settings, org, data, and one bound in time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.raw.ownership import RawAsset
from flyle_sf_assets.raw.plan import ReadPlan, Schemas, plan
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import Consumed
from flyle_sf_assets.store.syncs.syncs import is_cancelled
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.sync import progress
from flyle_sf_assets.sync.bulk_downloads import Downloads
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.outcome import Outcome
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import Comparison
from flyle_sf_assets.tenants.api_budget import Budget
from flyle_sf_assets.tenants.applied_settings import Numbered

RefreshKind = Literal["refresh", "full", "sweep", "census"]
"""``full`` reads everything in scope again; a sweep or census compares all of it as well."""


@dataclass
class Refresh:
    """One refresh of one tenant while it runs, under the tenant's lock.

    ``fallback`` are the settings in effect, which go on if the org does not fit ``settings``;
    ``refused`` are newer ones that did not fit, to be compared again.
    """

    installation: Installation
    tenant: str
    settings: TenantSettings
    settings_version: int
    kind: RefreshKind
    sync_id: int
    org: OrgAccess
    outcome: Outcome
    clock: Clock = utc_now
    is_first: bool = False
    """Whether the tenant was never synced before."""
    fallback: Numbered | None = None
    refused: Numbered | None = None
    has_compared: bool = False
    """Whether this refresh compared a version with the org: its settings may have changed."""
    compared: dict[RawAsset, Comparison] = field(default_factory=dict)
    reading: RawAsset | None = None
    """The raw asset that is being read."""
    has_described: bool = False
    has_described_whole: bool = False
    """Whether describe was asked for everything, not only for what changed."""
    reread: dict[str, str] = field(default_factory=dict)
    """Datasets whose files were found damaged or lost, and what was wrong with the files."""
    budget: Budget | None = None
    """The API budget at the start; None before it was read."""
    _planned: tuple[Schemas, ReadPlan] | None = field(default=None, init=False)

    @cached_property
    def lake(self) -> Lake:
        """The record files."""
        return self.installation.lake.remembering()

    @property
    def shows_samples(self) -> bool:
        """Whether reports may hold rows of the customer; they are not read otherwise."""
        return self.installation.environment.shows_samples

    @property
    def comparison(self) -> Comparison:
        """What a sweep or census has compared so far."""
        return sum(self.compared.values(), Comparison())

    def settings_part(self, part: str) -> Consumed:
        """A part of the settings, as an input of an asset that reads it."""
        digest = part_digests(self.settings)[part]
        return Consumed(f"link_settings/{part}", self.settings_version, digest)

    def work_with(self, numbered: Numbered, *, fallback: Numbered | None = None) -> None:
        """Goes on with other settings; logs in again if their connection differs."""
        if numbered.settings.connection != self.settings.connection:
            self.org.forget()
        self.settings, self.settings_version = numbered.settings, numbered.version
        self.fallback, self._planned = fallback, None

    @contextmanager
    def committing(self) -> Iterator[TenantTransaction]:
        """A transaction of this refresh, committed only if the refresh was not cancelled.

        Otherwise raises NotConnected ``disconnected`` and stores nothing. Cancelling waits for a
        commit that has begun: after a cancellation nothing is written.
        """
        try:
            with self.committed.transaction() as tx:
                self.require_running(tx)
                yield tx
                self._require_not_cancelled(tx, lock=True)
                self.committed.load(tx)
        except BaseException:
            self.committed.forget()
            raise

    def begin(self, step: str) -> None:
        """Stores and reports that a step begins. Raises as `require_running`."""
        with self.committed.transaction() as tx:
            self.require_running(tx)
            self.kept_progress.begin(tx, step)

    def require_running(self, tx: TenantTransaction) -> None:
        """Raises NotConnected ``disconnected`` when this refresh was cancelled."""
        self._require_not_cancelled(tx)

    def _require_not_cancelled(self, tx: TenantTransaction, *, lock: bool = False) -> None:
        if is_cancelled(tx, self.sync_id, lock=lock):
            raise disconnected(self.tenant)

    def plan(self) -> ReadPlan:
        """The read plan of the settings in the org as last described."""
        schemas = self.committed.schemas()
        if self._planned is None or self._planned[0] is not schemas:
            self._planned = (schemas, plan(self.settings, schemas))
        return self._planned[1]

    @cached_property
    def committed(self) -> CommittedState:
        """The committed state that this refresh builds on."""
        return CommittedState(self.installation.database, self.tenant)

    @cached_property
    def downloads(self) -> Downloads:
        """Large reads in progress."""
        return Downloads(self.lake.downloads_of(self.tenant), self.tell)

    @cached_property
    def kept_progress(self) -> progress.KeptProgress:
        """Progress of this refresh, stored for other processes."""
        return progress.KeptProgress(
            self.installation.database, self.tenant, self.sync_id, self.clock
        )

    def tell(self, step: str, done: int = 0, expected: int | None = None) -> None:
        """Reports progress to listeners in this process and in others."""
        progress.tell(progress.Progress(self.tenant, step, done, expected))
        if self.sync_id:
            self.kept_progress.keep(step, done, expected)


def disconnected(tenant: str) -> NotConnected:
    """The refusal to refresh a tenant whose link was ended."""
    return NotConnected(
        "disconnected",
        tried=Text(f"テナント {tenant} を同期しようとしました", f"Tried to refresh {tenant}"),
        came_back=Text(
            "Salesforceとの連携は解除されています", "the link to Salesforce was disconnected"
        ),
        remedy=Text(
            f"設定コンソールか flyle-sf connect {tenant} で連携し直してください。"
            "企業はそのまま残っており、続きから更新されます",
            f"Connect again in the setup console or by flyle-sf connect {tenant}: the companies are"
            " still there and are taken up again",
        ),
    )


def require_connected(installation: Installation, tenant: str) -> None:
    """Raises NotConnected ``disconnected`` for a tenant whose link was ended."""
    with installation.database.tenant(tenant) as tx:
        if get_link(tx).state == "disconnected":
            raise disconnected(tenant)
