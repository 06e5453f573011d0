"""``flyle-sf approve``: applies what the mass-change guard holds for a tenant."""

from typing import TYPE_CHECKING

from flyle_sf_assets.cli.terminal.options import AsJson, Tenant
from flyle_sf_assets.cli.terminal.output import errors_as_exit_codes

if TYPE_CHECKING:
    from flyle_sf_assets.cli.syncing.outcome import SyncOutcome


def approve(tenant: Tenant, *, as_json: AsJson = False) -> None:
    """Apply the change that the mass-change guard holds, as far as it stays within its numbers."""
    from flyle_sf_assets.cli.syncing.outcome import never_began

    with errors_as_exit_codes(
        "approve", as_json=as_json, document=lambda error: never_began(tenant, error).document()
    ) as answer:
        outcome = approved(tenant, show_progress=not as_json)
        answer.exit_code = outcome.exit_code
        if as_json:
            answer.json(outcome.document())
        else:
            outcome.print()


def approved(tenant: str, *, show_progress: bool = True) -> "SyncOutcome":
    """Approves what is held and refreshes the tenant; says on stderr what was approved.

    Raises NotFound ``nothing_held``, and NotConnected for a tenant without settings or one that
    was disconnected; what happens during the sync is in the outcome.
    """
    from flyle_sf_assets.cli.opening import installation
    from flyle_sf_assets.cli.syncing.dagster_run import refresh_in_process
    from flyle_sf_assets.cli.terminal.language import language, say
    from flyle_sf_assets.cli.terminal.output import to_stderr
    from flyle_sf_assets.defs.instance import instance_of
    from flyle_sf_assets.sync.context import require_connected
    from flyle_sf_assets.tenants.held_changes import approve_held
    from flyle_sf_assets.tenants.registration import not_registered, registered_settings

    with installation() as opened:
        if registered_settings(opened, tenant) is None:
            raise not_registered(tenant)
        require_connected(opened, tenant)
        held = approve_held(opened, tenant, by="flyle-sf approve")
        if show_progress:
            told = say("承認しました", "approved")
            words = held.change.text.in_language(language())
            to_stderr().print(f"{tenant}: {told}: {words}")
        with instance_of(opened) as instance:
            return refresh_in_process(opened, instance, tenant, show_progress=show_progress)
