"""Asking for a sync from a process that runs none: the link becomes due, the schedule starts it.

The schedule's first poll then checks the metadata too: they may have been edited a minute ago.
"""

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.tenants.links import get_link, put_back_off, record_asked
from flyle_sf_assets.store.tenants.settings_versions import latest_settings


def ask_for_sync(installation: Installation, tenant: str, *, clock: Clock = utc_now) -> None:
    """Makes the tenant due now. A second call changes nothing; a running sync is not disturbed.

    Raises NotConnected for a tenant without settings or one that was disconnected. While a mass
    change is held, the sync looks whether it was put right in the org.
    """
    tried = Text("今すぐ同期するよう依頼しようとしました", "Tried to ask for a sync now")
    with installation.database.tenant(tenant) as tx:
        link = get_link(tx)
        if latest_settings(tx) is None:
            raise NotConnected(
                "no_settings",
                tried=tried,
                came_back=Text("設定が登録されていません", "No settings version is registered"),
                remedy=Text("先に連携の設定を完了してください", "Finish the set-up first"),
            )
        if link.state == "disconnected":
            raise NotConnected(
                "disconnected",
                tried=tried,
                came_back=Text("連携は解除されています", "The link was disconnected"),
                remedy=Text("もう一度Salesforceと接続してください", "Connect to Salesforce again"),
            )
        record_asked(tx, clock())
        # A person asks: neither a back-off nor a stop delays it.
        put_back_off(tx, failures=link.failures, retry_at=None, stopped_version=None)
