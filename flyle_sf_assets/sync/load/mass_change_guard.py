"""The mass-change guard of one commit: what it would take away, against the limits of the settings.

The companies are written first and counted by their history, in the same transaction: what is
counted is exactly what would be committed. A change that is held raises an error, which undoes
all of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.check.settings_caused import SettingsCaused, settings_caused
from flyle_sf_assets.companies.guard import (
    Loss,
    MassChange,
    exceeds,
    is_approved,
    may_exceed,
    rows_enough,
)
from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.companies.held_changes import HeldChange
from flyle_sf_assets.store.companies.mass_changes import (
    ChangeSet,
    LossCounts,
    count_losses,
    loss_examples,
    values_before,
)
from flyle_sf_assets.store.companies.upsert import UpsertCounts
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.tenants.held_changes import held_error, release_held

WholeKind = Literal["full", "census"]
WHOLE_KINDS: tuple[WholeKind, ...] = ("full", "census")
"""Refreshes that compare every company, not only those of unconsumed rows.

The later one finds whatever the earlier one does.
"""

_NOTHING = SettingsCaused(scope=False, fields=frozenset())


def whole_kind(held: HeldChange | None, requested: str) -> WholeKind | None:
    """The kind of whole refresh that is requested, or that finds what is held; None: no whole one.

    No record tells of what only a comparison of every company found, so a refresh of other records
    would neither apply it nor know that it is over.
    """
    kinds = (requested, None if held is None else held.kind)
    return next((one for one in reversed(WHOLE_KINDS) if one in kinds), None)


@dataclass(frozen=True, slots=True)
class MassChangeGuard:
    """The limits of one refresh.

    ``before`` gives the settings that the companies were last written with, None when they are not
    known. ``held`` is what was held before, ``inputs`` describes this refresh, and ``kind`` says
    which companies it compares (`whole_kind`). ``is_exempt``: a first sync, or one of another base
    object than before.
    """

    settings: TenantSettings
    before: Callable[[TenantTransaction], TenantSettings | None]
    held: HeldChange | None
    inputs: str
    kind: str
    is_exempt: bool

    def require_counted(self, requested: str) -> None:
        """Raises MassChangeHeld when this refresh can only find what is held already.

        A ``requested`` census or full read may find something else in the same records.
        """
        held = self.held
        if held is None or held.is_approved or self.is_exempt:
            return
        if held.inputs == self.inputs and requested not in WHOLE_KINDS:
            raise held_error(held.tenant_id, held.change, kind=held.kind, inputs=held.inputs)

    def require_allowed(
        self,
        tx: TenantTransaction,
        counts: UpsertCounts,
        linked: int,
        *,
        sync_id: int,
        now: datetime,
    ) -> None:
        """Raises MassChangeHeld when the transaction took away too much; else nothing is held now.

        ``counts`` and ``linked`` (companies that are linked now) are of the transaction, ``now`` is
        the time of its history. Whatever was held is released, in the same transaction: a refresh
        of this ``kind`` would have found it.
        """
        losses: tuple[Loss, ...] = ()
        # No field can lose more values than companies were changed.
        if not self.is_exempt and may_exceed(counts.changed + counts.gone):
            changes = self._change_set(tx, sync_id, now)
            losses = tuple(self._losses(tx, changes, counts, linked))
            approved = self.held.change.losses if self.held and self.held.is_approved else ()
            if not is_approved(losses, approved):
                fields = [one.field for one in losses]
                change = MassChange(losses, loss_examples(tx, changes[0], fields))
                raise held_error(tx.tenant_id, change, kind=self.kind, inputs=self.inputs)
        if self.held is not None:
            release_held(tx, self.held, now, applied=bool(losses))

    def _change_set(
        self, tx: TenantTransaction, sync_id: int, now: datetime
    ) -> tuple[ChangeSet, frozenset[str]]:
        """What was changed, and the custom fields whose blanks the settings caused."""
        before = self.before(tx)
        caused = _NOTHING if before is None else settings_caused(before, self.settings)
        excused = (CompanyStatus.OUT_OF_SCOPE.value,) if caused.scope else ()
        return ChangeSet(sync_id, now, excused), caused.fields

    def _losses(
        self,
        tx: TenantTransaction,
        changed: tuple[ChangeSet, frozenset[str]],
        counts: UpsertCounts,
        linked: int,
    ) -> Iterator[Loss]:
        changes, caused = changed
        limits, found = self.settings.guard, count_losses(tx, changes)
        linked_before = linked - counts.created - found.returned + found.left
        if exceeds(found.gone, linked_before, limits.max_gone):
            yield Loss(None, "", found.gone, linked_before, limits.max_gone)
        yield from self._blanks(tx, changes, found, caused)

    def _blanks(
        self,
        tx: TenantTransaction,
        changes: ChangeSet,
        found: LossCounts,
        caused: frozenset[str],
    ) -> Iterator[Loss]:
        limit = self.settings.guard.max_blanked
        labels = {one.to: one.label for one in self.settings.mapping}
        for field in sorted(found.blanked.keys() - caused):
            lost = found.blanked[field]
            if not may_exceed(lost):
                continue
            of = values_before(tx, changes, field, enough=rows_enough(lost, limit))
            if exceeds(lost, of, limit):
                whole = values_before(tx, changes, field)
                yield Loss(field, labels.get(field, field), lost, whole, limit)
