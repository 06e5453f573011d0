"""Ending a tenant's link: nothing is read any more, tokens are erased, companies stay.

First the link is marked and running refreshes are cancelled. From then on no commit of a cancelled
refresh succeeds (`Refresh.committing`). Then tokens are revoked and erased, and the companies
become ``unlinked``. Each part is a commit of its own, in an order in which a second call completes
what a first one did not reach.
"""

from dataclasses import dataclass

from flyle_sf_assets.errors import FlyleError, StoreUnavailable, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import StoredGrant, network_of
from flyle_sf_assets.salesforce.tokens.access_tokens import TokenTransport
from flyle_sf_assets.salesforce.tokens.web_server import revoke
from flyle_sf_assets.store.companies.upsert import rename_unlinked, unlink_companies
from flyle_sf_assets.store.syncs.syncs import cancel_running
from flyle_sf_assets.store.tenants.connections import forget_records, mark_disconnected
from flyle_sf_assets.store.tenants.credentials import erase_secrets
from flyle_sf_assets.store.tenants.links import (
    clear_failure,
    get_link,
    put_link,
    record_figures,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.store.tenants.settings_files import note_state_while_away
from flyle_sf_assets.telemetry.logs import bind, logger
from flyle_sf_assets.tenants.held_changes import forget_held

_log = logger("refresh")


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a disconnect did: ``companies`` became unlinked, ``cancelled_syncs`` were running.

    ``is_revoked``: Salesforce revoked the tokens; None when there were none to revoke, False when
    it did not know them any more or could not be reached.
    """

    companies: int
    cancelled_syncs: int
    is_revoked: bool | None


def disconnect(
    installation: Installation, tenant: str, *, by: str, clock: Clock = utc_now
) -> Disconnected:
    """Ends the link. A second call completes what was interrupted and changes nothing else.

    ``by`` is who asked. Running syncs are cancelled, tokens are revoked and erased, companies
    become ``unlinked`` and keep their values. An org that cannot be reached does not prevent it.
    Raises StoreError.

    >>> ended = disconnect(installation, "acme", by="cli:sato")
    >>> ended.companies > 0, ended.cancelled_syncs
    (True, 0)
    >>> disconnect(installation, "acme", by="cli:sato").companies
    0
    """
    with bind(tenant=tenant):
        is_new, cancelled = stop(installation, tenant, clock=clock)
        is_revoked = revoke_and_erase(installation, tenant)
        now = clock()
        with installation.database.tenant(tenant) as tx:
            companies = unlink_companies(tx, reason="disconnected", sync_id=None, now=now)
            record_figures(tx, companies=0)
            mark_disconnected(tx, by, now)
            put_link(tx, next_due_at=None)
            clear_failure(tx)
            if is_new:
                add_notice(
                    tx,
                    "disconnected",
                    Text(
                        "Salesforceとの連携を解除しました", "The Salesforce link was disconnected"
                    ),
                    Text(
                        "自動更新を停止し、保管していたトークンを消去しました。"
                        "企業データは残っています。",
                        "The automatic updates are stopped and the stored tokens erased. The"
                        " companies stay.",
                    ),
                    now,
                )
        _log.info("disconnected", companies=companies, cancelled=cancelled, revoked=is_revoked)
        return Disconnected(companies, cancelled, is_revoked)


def stop(installation: Installation, tenant: str, *, clock: Clock) -> tuple[bool, int]:
    """Marks the link as disconnected and cancels running refreshes: none can begin or commit.

    Returns whether it was connected before, and how many refreshes were cancelled.
    """
    with installation.database.tenant(tenant) as tx:
        # The link's row first: a refresh that is beginning holds a lock on it (`open_refresh`).
        put_link(tx, next_due_at=None)
        is_new = get_link(tx).state != "disconnected"
        put_link(tx, state="disconnected")
        note_state_while_away(tx, "disconnected")
        forget_held(tx)
        return is_new, cancel_running(tx, clock())


def revoke_and_erase(installation: Installation, tenant: str) -> bool | None:
    """Revokes the stored tokens at Salesforce and erases all stored credentials.

    Erases also when Salesforce cannot be reached or no key decrypts them any more: then the org's
    administrator revokes them in Salesforce.
    """
    with installation.database.token_lock(tenant):
        try:
            is_revoked = _revoked(installation, tenant)
        except FlyleError as error:
            if isinstance(error, StoreUnavailable):
                raise
            _log.warning("tokens not revoked", error=str(error))
            is_revoked = False
        with installation.database.tenant(tenant) as tx:
            erase_secrets(tx)
    return is_revoked


def _revoked(installation: Installation, tenant: str) -> bool | None:
    kept = StoredGrant(installation, tenant).read()
    if kept is None:
        return None
    transport = TokenTransport(network_of(installation.environment))
    return revoke(transport, kept.access.instance_url, kept.refresh_token or kept.access.value)


def unlink_org(installation: Installation, tenant: str, *, clock: Clock) -> int:
    """Unlinks every company of the org so far and clears its record data.

    Another org's records follow. Call it when nothing is running (`stop`). Returns how many
    companies it unlinked.
    """
    now = clock()
    with installation.database.tenant(tenant) as tx:
        companies = unlink_companies(tx, reason="org_changed", sync_id=None, now=now)
        companies += rename_unlinked(tx, former="disconnected", reason="org_changed", now=now)
        record_figures(tx, companies=0)
        forget_records(tx, now)
    return companies
