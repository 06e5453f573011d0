"""What a connection stores: the link's state, its secrets, and what to read again."""

from dataclasses import dataclass

from flyle_sf_assets.connection.disconnect import revoke_and_erase, stop, unlink_org
from flyle_sf_assets.connection.pending_consents import Allowed
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import put_app, put_grant
from flyle_sf_assets.salesforce.rights import Identity
from flyle_sf_assets.settings.models import Flow
from flyle_sf_assets.store.tenants.connections import (
    ConnectionState,
    ask_reread,
    forget_windows,
    put_connection,
)
from flyle_sf_assets.store.tenants.links import (
    Link,
    LinkState,
    clear_failure,
    get_link,
    put_back_off,
    put_link,
)
from flyle_sf_assets.store.tenants.settings_files import note_state_while_away
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.tenants.outage import forget_outage

_log = logger("refresh")


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection in effect. ``is_reconnected``: the earlier companies are linked again.

    ``is_other_org``: they became unlinked, because this is another org.
    """

    org_id: str
    org_name: str
    username: str
    is_reconnected: bool
    is_other_org: bool


def other_org_of(installation: Installation, tenant: str, who: Identity) -> str | None:
    """The id of the org that the companies came from, when it is another org."""
    with installation.database.tenant(tenant) as tx:
        linked = get_link(tx).org_id
    return None if linked in (None, who.org_id) else linked


def keep_connection(
    installation: Installation,
    tenant: str,
    state: ConnectionState,
    who: Identity,
    allowed: Allowed | None,
    clock: Clock,
) -> Connected:
    """Unlinks another org if there was one, and stores all of the connection, at once."""
    is_other_org = other_org_of(installation, tenant, who) is not None
    if is_other_org:
        stop(installation, tenant, clock=clock)
        revoke_and_erase(installation, tenant)
        unlink_org(installation, tenant, clock=clock)
    with (
        installation.database.token_lock(tenant),
        installation.database.tenant(tenant) as tx,
    ):
        before = get_link(tx)
        is_reconnected = before.state == "disconnected" and before.first_synced_at is not None
        if allowed is not None:
            put_grant(tx, installation, allowed.granted, clock)
            if allowed.is_entered:
                put_app(tx, installation, allowed.app, clock)
        put_connection(tx, state)
        put_link(tx, state=_link_state(before), org_id=who.org_id)
        note_state_while_away(tx, _link_state(before))
        # This connection may repair what failed.
        put_back_off(tx, failures=0, retry_at=None, stopped_version=None)
        clear_failure(tx)
        forget_outage(tx)
        if is_reconnected:
            ask_reread(tx, clock())
        elif before.state == "disconnected":
            forget_windows(tx)
    _log.info("connected", org_id=who.org_id, flow=state.flow, other_org=is_other_org)
    return Connected(who.org_id, who.org_name, who.username, is_reconnected, is_other_org)


def _link_state(before: Link) -> LinkState:
    """The link's new state; it stays when a linked tenant connects (with another user, say)."""
    if before.state in ("linked", "held", "initial_sync"):
        return before.state
    return "linked" if before.state == "failing" and before.first_synced_at else "connected"


def connection_state(
    org_url: str, flow: Flow, who: Identity, by: str, clock: Clock
) -> ConnectionState:
    """The state of a connection that was just made."""
    return ConnectionState(
        org_url=org_url,
        flow=flow.value,
        org_name=who.org_name,
        user_id=who.user_id,
        username=who.username,
        connected_at=clock(),
        connected_by=by,
    )
