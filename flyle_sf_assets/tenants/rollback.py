"""Taking back what one sync changed, and giving it back to Salesforce: `roll_back`, `resume`.

What does not belong here: how later syncs keep what was restored (``store/companies``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from flyle_sf_assets.errors import FlyleError, NotFound, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.companies import rollback as store
from flyle_sf_assets.store.companies.counts import linked_companies
from flyle_sf_assets.store.companies.rollback import LeftReason, RollbackItem
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import consumed
from flyle_sf_assets.store.syncs.syncs import (
    Sync,
    SyncCounts,
    add_counts,
    finish_sync,
    get_sync,
    open_sync,
)
from flyle_sf_assets.store.tenants.links import Link, get_link, locked_link, record_figures
from flyle_sf_assets.telemetry.logs import bind, logger
from flyle_sf_assets.tenants.settings_changes import settings_of

_log = logger("rollback")

LISTED_MAX = 1_000
"""Values that are named one by one; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback does, or did: ``companies`` of which ``values`` values are restored.

    ``restored`` and ``left_alone`` are the first `LISTED_MAX` by company, ``left_counts`` all that
    is left alone, by reason. ``rollback_sync_id`` is the sync of it: None for a preview, and when
    there was nothing to restore. ``is_resume``: Salesforce's values come back instead.
    """

    tenant: str
    sync: Sync
    companies: int
    values: int
    restored: tuple[RollbackItem, ...]
    left_alone: tuple[RollbackItem, ...]
    left_counts: dict[LeftReason, int]
    rollback_sync_id: int | None = None
    is_resume: bool = False

    @property
    def left_total(self) -> int:
        """How many values and companies are left alone."""
        return sum(self.left_counts.values())


def preview_rollback(
    installation: Installation, tenant: str, sync_id: int, *, is_resume: bool = False
) -> Rollback:
    """What `roll_back`, or `resume`, would do now; changes nothing. Raises as they do."""
    with installation.database.tenant(tenant) as tx:
        sync = _known(tx, sync_id)
        if is_resume:
            return _resumable(tx, sync)
        return _revertible(tx, sync, get_link(tx))


def roll_back(
    installation: Installation,
    tenant: str,
    sync_id: int,
    *,
    by: str,
    on_wait: Callable[[], None] | None = None,
    is_waiting: bool = True,
    clock: Clock = utc_now,
) -> Rollback:
    """Restores what the sync changed and nothing changed later, in one transaction.

    It is a sync of kind ``rollback``; later syncs keep what it restored until Salesforce has
    another value. ``by`` is who asks. A sync of the tenant that is running is waited for, unless
    ``is_waiting`` is false. Raises NotFound ``unknown_sync`` and ``history_pruned``, and FlyleError
    ``tenant_busy``.

    >>> done = roll_back(installation, "acme", 42, by="cli:sato")
    >>> done.companies, done.left_counts
    (61, {'changed_later': 2})
    """
    with _alone(installation, tenant, is_waiting=is_waiting, on_wait=on_wait) as tx:
        found = _revertible(tx, _known(tx, sync_id), locked_link(tx))
        return _written(tx, found, by, clock()) if found.values else found


def resume(
    installation: Installation,
    tenant: str,
    sync_id: int,
    *,
    by: str,
    on_wait: Callable[[], None] | None = None,
    is_waiting: bool = True,
    clock: Clock = utc_now,
) -> Rollback:
    """Ends what the rollback of that sync keeps: its companies get Salesforce's values at once.

    ``sync_id`` may also be that of the rollback. It is a sync of kind ``rollback`` too, and calls
    no org. Raises as `roll_back`, and NotFound ``nothing_rolled_back``.
    """
    with _alone(installation, tenant, is_waiting=is_waiting, on_wait=on_wait) as tx:
        locked_link(tx)
        found = _resumable(tx, _known(tx, sync_id))
        done = _written(tx, found, by, clock()) if found.values else found
        store.end_kept(tx, sync_id)
        return done


@contextmanager
def _alone(
    installation: Installation,
    tenant: str,
    *,
    is_waiting: bool,
    on_wait: Callable[[], None] | None,
) -> Iterator[TenantTransaction]:
    """One transaction under the tenant's lock, so that no sync is at work."""
    database = installation.database
    with (
        bind(tenant=tenant),
        database.tenant_lock(tenant, wait=is_waiting, on_wait=on_wait) as is_free,
    ):
        if not is_free:
            raise FlyleError(
                "tenant_busy",
                tried=_tried(tenant),
                came_back=Text("同期の実行中です", "A sync is running"),
                remedy=Text(
                    "同期が終わってから、もう一度お試しください", "Try again when it has ended"
                ),
            )
        with database.tenant(tenant) as tx:
            yield tx


def _revertible(tx: TenantTransaction, sync: Sync, link: Link) -> Rollback:
    if sync.changed + sync.gone and not store.has_history(tx, sync.sync_id):
        raise _pruned(tx.tenant_id, sync)
    store.find_changes(
        tx,
        sync.sync_id,
        source_object=_written_base(tx, link),
        is_same_link=_is_same_link(link, sync),
    )
    created, created_items = store.created_by(tx, sync.sync_id, limit=LISTED_MAX)
    found = _counted(tx, sync)
    if not created:
        return found
    return replace(
        found,
        left_counts={**found.left_counts, "created": created},
        left_alone=(*found.left_alone, *created_items)[:LISTED_MAX],
    )


def _resumable(tx: TenantTransaction, sync: Sync) -> Rollback:
    link = get_link(tx)
    store.find_kept(
        tx,
        sync.sync_id,
        source_object=_written_base(tx, link),
        is_same_link=link.state != "disconnected",
    )
    found = replace(_counted(tx, sync), is_resume=True)
    if not found.values and not found.left_total:
        raise NotFound(
            "nothing_rolled_back",
            tried=_tried(tx.tenant_id),
            came_back=Text(
                f"同期 {sync.sync_id} の巻き戻しで保持している値はありません",
                f"The rollback of sync {sync.sync_id} keeps no value",
            ),
            remedy=Text(
                "値はすでにSalesforceに従っています。対処は不要です",
                "The values follow Salesforce already; there is nothing to do",
            ),
        )
    return found


def _counted(tx: TenantTransaction, sync: Sync) -> Rollback:
    counts = store.count_items(tx)
    return Rollback(
        tenant=tx.tenant_id,
        sync=sync,
        companies=counts.companies,
        values=counts.items,
        restored=store.list_items(tx, is_restored=True, limit=LISTED_MAX),
        left_alone=store.list_items(tx, is_restored=False, limit=LISTED_MAX),
        left_counts=counts.left_alone,
    )


def _written(tx: TenantTransaction, found: Rollback, by: str, now: datetime) -> Rollback:
    """Restores what was found, as a sync that has ended when the transaction commits."""
    sync_id = found.sync.sync_id
    made = open_sync(tx, "rollback", None, now).sync_id
    told = f"{'resumed' if found.is_resume else 'rolled_back'}:{sync_id}"
    companies, gone = store.write_items(tx, rollback_sync_id=made, told=told, now=now)
    if not found.is_resume:
        store.keep_restored(tx, sync_id, rollback_sync_id=made, now=now)
    taken_back = store.rollback_of(tx, sync_id) if found.is_resume else sync_id
    store.note_rollback(tx, made, taken_back, by=by)
    add_counts(tx, made, SyncCounts(changed=companies - gone, gone=gone))
    record_figures(tx, companies=linked_companies(tx))
    finish_sync(tx, made, "done", now)
    _log.info("rolled back", sync_id=sync_id, by=made, companies=companies, told=told)
    return replace(found, rollback_sync_id=made)


def _written_base(tx: TenantTransaction, link: Link) -> str | None:
    """The base object that the companies were last written with.

    The link names another one as soon as a refresh has compared other settings with the org. Until
    one has written the companies, they are those of the former object.
    """
    taken = consumed(tx, "companies").get("link_settings/companies")
    settings = None if taken is None else settings_of(tx, taken.generation)
    return link.source_object if settings is None else settings.source.object


def _is_same_link(link: Link, sync: Sync) -> bool:
    """Whether the link goes on and is that of the sync: another org's begins with a first sync."""
    began = link.first_synced_at
    return link.state != "disconnected" and began is not None and sync.started_at > began


def _known(tx: TenantTransaction, sync_id: int) -> Sync:
    sync = get_sync(tx, sync_id)
    if sync is None:
        raise NotFound(
            "unknown_sync",
            tried=_tried(tx.tenant_id),
            came_back=Text(
                f"このテナントに同期 {sync_id} はありません", f"The tenant has no sync {sync_id}"
            ),
            remedy=Text(
                "同期の番号は flyle-sf history か、コンソールの「同期の履歴」で確認できます",
                "flyle-sf history and the console's list of syncs show the numbers",
            ),
        )
    return sync


def _pruned(tenant: str, sync: Sync) -> NotFound:
    return NotFound(
        "history_pruned",
        tried=_tried(tenant),
        came_back=Text(
            f"同期 {sync.sync_id}({sync.started_at:%Y-%m-%d})の変更履歴は、"
            "保存期間を過ぎたため削除されています",
            f"The history of sync {sync.sync_id} of {sync.started_at:%Y-%m-%d} is past its time and"
            " was deleted",
        ),
        remedy=Text(
            "この同期は元に戻せません。必要な値はSalesforceで直してください",
            "It cannot be taken back any more; correct the values in Salesforce",
        ),
    )


def _tried(tenant: str) -> Text:
    return Text(
        f"テナント {tenant} の同期を巻き戻そうとしました", f"Tried to roll back a sync of {tenant}"
    )
