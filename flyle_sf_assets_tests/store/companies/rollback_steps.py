"""What a rollback and its end ask and write, as ``tenants/rollback.py`` does it."""

from flyle_sf_assets.store.companies.rollback import (
    count_items,
    created_by,
    end_kept,
    find_changes,
    find_kept,
    keep_restored,
    list_items,
    write_items,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets_tests.store.companies.company_rows import DAY_2


def roll_back(tx: TenantTransaction, sync_id: int, *, rollback_sync_id: int) -> None:
    """What a rollback asks and writes."""
    find_changes(tx, sync_id, source_object="Account", is_same_link=True)
    assert count_items(tx).items > 0
    list_items(tx, is_restored=True, limit=10)
    created_by(tx, sync_id, limit=10)
    write_items(tx, rollback_sync_id=rollback_sync_id, told="t", now=DAY_2)
    keep_restored(tx, sync_id, rollback_sync_id=rollback_sync_id, now=DAY_2)


def resume(tx: TenantTransaction, sync_id: int, *, rollback_sync_id: int) -> None:
    """What its end asks and writes."""
    find_kept(tx, sync_id, source_object="Account", is_same_link=True)
    assert count_items(tx).items > 0
    write_items(tx, rollback_sync_id=rollback_sync_id, told="t", now=DAY_2)
    end_kept(tx, sync_id)
