"""``flyle-sf sync``: one refresh through the same Dagster assets, in this process.

Dagster is loaded when there is something to refresh: most of a second that an unchanged tenant
does not cost.
"""

import time
from dataclasses import replace

from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.cli.opening import installation, required_file, tenant_file
from flyle_sf_assets.cli.syncing.outcome import SyncOutcome, tried_to_sync
from flyle_sf_assets.cli.terminal.language import language
from flyle_sf_assets.cli.terminal.output import shown_phrase, to_stderr
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.sync.context import RefreshKind, require_connected
from flyle_sf_assets.sync.poll import IdleCheck, check_idle
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.tenants.registration import Registration, register, registered_settings

IDLE = Text("変更はありませんでした", "nothing had changed")
BUSY = Text(
    "別の同期が実行中のため何もしませんでした", "another sync is running, so nothing was done"
)

IMPATIENT = Network(retry=RetryPolicy(attempts=1), login_retry=RetryPolicy(attempts=1))
"""For the idle check: what it cannot ask, the sync asks again, with retries."""


def sync_tenant(
    tenant: str, *, full: bool = False, wait: bool = True, show_progress: bool = True
) -> SyncOutcome:
    """Registers the tenant's file, if there is one, and refreshes the tenant if anything is new.

    A person waits for it, so the org's metadata are checked in any case: by the refresh, or by
    the idle check when nothing is new.

    Without ``wait`` it does nothing while another sync of the tenant is running.

    Raises what prevents a sync before it can begin (PlanNotEligible, SettingsInvalid,
    NotConnected, StoreUnavailable); what happens during it is in the outcome.
    """
    with installation() as opened:
        registered = register_file(opened, tenant)
        if registered is not None and show_progress:
            from flyle_sf_assets.cli.applying import registered_words

            tell_registered(registered, registered_words(opened, registered))
        require_connected(opened, tenant)
        outcome = _synced(opened, tenant, full=full, wait=wait, show_progress=show_progress)
        return replace(outcome, registered=registered)


def tell_registered(registered: Registration, changes: tuple[Phrase, ...]) -> None:
    """Says on stderr that the file became a version, and what it changes."""
    console, version = to_stderr(), registered.version
    said = Text(
        f"設定ファイルをバージョン{version}として登録しました",
        f"the settings file is registered as version {version}",
    )
    console.print(f"{registered.tenant}: {said.in_language(language())}", markup=False)
    for told in changes:
        console.print(RichText("  ") + shown_phrase(told))


def _synced(
    opened: Installation, tenant: str, *, full: bool, wait: bool, show_progress: bool
) -> SyncOutcome:
    started = time.perf_counter()
    if not wait and opened.database.is_locked(tenant):
        return SyncOutcome(tenant, None, 0.0, None, note=BUSY)
    idle = None if full else _idle(opened, tenant)
    if idle is not None:
        seconds = time.perf_counter() - started
        return SyncOutcome(tenant, None, seconds, None, IDLE, idle.api_calls)
    from flyle_sf_assets.cli.syncing.dagster_run import refresh_in_process
    from flyle_sf_assets.defs.instance import instance_of

    with instance_of(opened) as instance:
        kind: RefreshKind = "full" if full else "refresh"
        return refresh_in_process(opened, instance, tenant, kind=kind, show_progress=show_progress)


def _idle(opened: Installation, tenant: str) -> IdleCheck | None:
    """The idle check if nothing changed; on an error None, because the sync will report it.

    A held tenant is never idle here: the sync says what waits for approval.
    """
    with opened.database.tenant(tenant) as tx:
        if get_held(tx) is not None:
            return None
    try:
        check = check_idle(opened, tenant, is_asked_for=True, patience=IMPATIENT)
    except Exception as raised:  # noqa: BLE001 - logged; the sync stores it on the link
        as_flyle_error(raised, tried_to_sync(tenant))
        return None
    return check if check.is_idle else None


def register_file(opened: Installation, tenant: str) -> Registration | None:
    """Registers the file's settings before the sync: the file has priority.

    Returns the version that this made, None when the file is unchanged or there is none.
    """
    loaded = tenant_file(opened.environment, tenant)
    if loaded is None:
        if registered_settings(opened, tenant) is None:
            required_file(opened.environment, tenant)
        return None
    loaded.require()
    made = register(opened, loaded)
    return made if made.is_new else None
