"""Tenants whose settings file disappeared, and came back.

Nothing of the tenant is deleted: companies, history, record files and tokens stay, and the link
says that it is not refreshed any more. What does not belong here: detecting that a file is gone
(``settings_file_diff.py``), Dagster's partition (``defs``), and a person's own disconnect, which
revokes the tokens.
"""

from datetime import datetime

from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.links import (
    Attention,
    add_attention,
    clear_attention,
    get_link,
    put_link,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.store.tenants.settings_files import (
    SettingsFile,
    mark_removed,
    mark_returned,
)

REMOVED = "settings_removed"


def remove_tenant(installation: Installation, tenant: str, *, clock: Clock = utc_now) -> None:
    """Stops the link of a tenant without settings file; call it while no run is in flight."""
    now = clock()
    with installation.database.tenant(tenant) as tx:
        mark_removed(tx, get_link(tx).state, now)
        put_link(tx, state="disconnected", next_due_at=None)
        if add_attention(tx, [_attention(tenant)], now):
            add_notice(
                tx,
                "disconnected",
                Text("Salesforceとの連携を停止しました", "The Salesforce link was stopped"),
                Text(
                    f"設定ファイル {tenant}.yaml がなくなったため、自動更新を停止しました。"
                    "企業データは残っています。",
                    f"The settings file {tenant}.yaml is gone, so nothing is refreshed any more."
                    " The companies stay.",
                ),
                now,
            )


def take_up_again(tx: TenantTransaction, file: SettingsFile, now: datetime) -> bool:
    """Restores the link's state of before the file's removal; returns whether it was ever synced.

    A link that a person disconnected stays disconnected.
    """
    mark_returned(tx)
    clear_attention(tx, REMOVED)
    state = file.state_before or "not_connected"
    has_synced = get_link(tx).first_synced_at is not None
    is_refreshed = state not in ("disconnected", "not_connected")
    put_link(tx, state=state, next_due_at=now if is_refreshed and has_synced else None)
    return has_synced


def _attention(tenant: str) -> Attention:
    return Attention(
        REMOVED,
        None,
        None,
        Text(
            f"設定ファイル {tenant}.yaml がないため、自動更新を停止しています。",
            f"The settings file {tenant}.yaml is gone, so nothing is refreshed any more.",
        ),
        Text(
            "続ける場合はファイルを戻してください。企業データはそのまま残っています。",
            "Put the file back to go on; the companies are as they were.",
        ),
    )
