"""One poll of a tenant: whether it has anything to do, and what is stored of the answer.

What does not belong here: how idleness is found (``idle_check.py``), and polling many tenants
(``scheduling/poller.py``).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from flyle_sf_assets.errors import FieldRefused, FlyleError, ObjectRefused, RecordFileDamaged
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_same_org
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.api_usage import add_calls
from flyle_sf_assets.store.tenants.links import locked_link, put_link, record_held, record_synced
from flyle_sf_assets.sync.idle_check import IdleQuestion, StoredState, is_idle
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.steps.object_schemas import DESCRIBE_EVERY_S
from flyle_sf_assets.telemetry.logs import bind
from flyle_sf_assets.tenants.api_budget import forget_postponed
from flyle_sf_assets.tenants.backoff import record_recovery
from flyle_sf_assets.tenants.due_times import next_due
from flyle_sf_assets.tenants.outage import is_outage_alone
from flyle_sf_assets.tenants.registration import require_choice


@dataclass(frozen=True, slots=True)
class IdleCheck:
    """Whether there was nothing to do, and how many calls the check took.

    ``is_busy``: a refresh of the tenant is running, so nothing was asked.
    """

    is_idle: bool
    api_calls: int
    is_busy: bool = False


def check_idle(
    installation: Installation,
    tenant: str,
    *,
    is_asked_for: bool = False,
    clock: Clock = utc_now,
    patience: Network | None = None,
) -> IdleCheck:
    """Whether a tenant has nothing to do; if so, records on the link that it was just synced.

    ``is_asked_for``: a person asked, so the metadata are checked however recent they are.
    ``patience`` sets other timeouts and retries than the default, and a bucket is asked briefly.

    Not idle, without asking anything, while a refresh of the tenant is running, or when settings
    that the org did not fit have to be compared with it again; nor when the org
    does not show a field or object any more, or a record file is damaged or lost, which a refresh
    will detect. Writes no row in ``syncs``. Raises any other error of asking Salesforce.
    """
    database = installation.database
    with database.tenant_lock(tenant, wait=False) as is_held, bind(tenant=tenant):
        if not is_held:
            return IdleCheck(is_idle=False, api_calls=0, is_busy=True)
        # One transaction: a tick polls a thousand tenants, most of which are idle.
        with database.tenant(tenant) as tx:
            choice, stored = require_choice(tx), StoredState.read(tx)
        if choice.is_comparison_due(clock(), every_s=0 if is_asked_for else DESCRIBE_EVERY_S):
            return IdleCheck(is_idle=False, api_calls=0)
        settings, version = choice.first.settings, choice.first.version
        org = OrgAccess(
            lambda: open_same_org(
                installation,
                settings,
                patience=replace(patience or Network(), clock=clock),
                linked=stored.link.org_id,
            ),
            installation.environment.overlap_s,
        )
        lake = installation.lake if patience is None else installation.lake_for_polls
        committed = CommittedState(database, tenant)
        asked = IdleQuestion(stored, org, committed, lake, settings, version, clock)
        try:
            is_idle_now = _is_idle(asked, is_asked_for=is_asked_for)
        except FlyleError:
            _count_calls(database, tenant, org, clock())
            raise
        finally:
            org.close()
        if not is_idle_now:
            _count_calls(database, tenant, org, clock())
            return IdleCheck(is_idle=False, api_calls=org.api_calls)
        now = clock()
        with database.tenant(tenant) as tx:
            add_calls(tx, org.api_calls, org.limit_reading, now)
            _record_idle(tx, now, next_due(now, settings, installation.environment))
        return IdleCheck(is_idle=True, api_calls=org.api_calls)


def _count_calls(database: Database, tenant: str, org: OrgAccess, now: datetime) -> None:
    """Adds the calls of an idle check to the ledger."""
    if org.api_calls:
        with database.tenant(tenant) as tx:
            add_calls(tx, org.api_calls, org.limit_reading, now)


def _record_idle(tx: TenantTransaction, now: datetime, next_due_at: datetime) -> None:
    """Stores that the tenant was just synced; a person may have disconnected it meanwhile."""
    link = locked_link(tx)
    is_outage = is_outage_alone(link)
    if is_outage or link.is_outage_told:
        record_recovery(tx, now)
    if is_outage:
        put_link(tx, state="linked")
    if is_outage or link.state == "linked":
        record_synced(tx, now, next_due_at)
    elif link.state == "held":
        record_held(tx, now, next_due_at)
    if link.attention:
        forget_postponed(tx)


def _is_idle(asked: IdleQuestion, *, is_asked_for: bool) -> bool:
    try:
        return is_idle(asked, is_asked_for=is_asked_for)
    except (FieldRefused, ObjectRefused, RecordFileDamaged):
        return False
