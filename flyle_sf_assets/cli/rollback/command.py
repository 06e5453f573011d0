"""``flyle-sf rollback``: takes back what one sync changed, or gives it back to Salesforce."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flyle_sf_assets.cli.terminal.options import AsJson, Tenant
from flyle_sf_assets.cli.terminal.output import error_only, errors_as_exit_codes

if TYPE_CHECKING:
    from flyle_sf_assets.installation.opened import Installation
    from flyle_sf_assets.tenants.rollback import Rollback

_EMPTY: dict[str, Any] = {"restored": 0, "left_alone": [], "rollback_sync_id": None}


def rollback(
    tenant: Tenant,
    sync_id: Annotated[int, typer.Argument(help="The sync, as status and history number it.")],
    *,
    is_resume: Annotated[
        bool, typer.Option("--resume", help="End its rollback: Salesforce's values come back.")
    ] = False,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be restored; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore what one sync changed, where nothing changed it later."""
    failed = partial(error_only, tenant=tenant, sync_id=sync_id, **_EMPTY)
    with errors_as_exit_codes("rollback", as_json=as_json, document=failed) as answer:
        from flyle_sf_assets.cli.rollback.page import json_text, print_rollback

        done, labels = _run(tenant, sync_id, is_resume=is_resume, is_dry_run=is_dry_run)
        if as_json:
            answer.json_text(json_text(done, is_dry_run=is_dry_run))
        else:
            print_rollback(done, labels, is_dry_run=is_dry_run)


def _run(
    tenant: str, sync_id: int, *, is_resume: bool, is_dry_run: bool
) -> "tuple[Rollback, dict[str, str]]":
    """The rollback, and the labels of the tenant's custom fields."""
    from flyle_sf_assets.cli.opening import installation
    from flyle_sf_assets.store.companies.custom_fields import list_fields
    from flyle_sf_assets.tenants.registration import not_registered, registered_settings

    with installation() as opened:
        if registered_settings(opened, tenant) is None:
            raise not_registered(tenant)
        with opened.database.tenant(tenant) as tx:
            labels = {field.key: field.label for field in list_fields(tx)}
        if is_dry_run:
            from flyle_sf_assets.tenants.rollback import preview_rollback

            return preview_rollback(opened, tenant, sync_id, is_resume=is_resume), labels
        return _written(opened, tenant, sync_id, is_resume=is_resume), labels


def _written(opened: "Installation", tenant: str, sync_id: int, *, is_resume: bool) -> "Rollback":
    from flyle_sf_assets.cli.syncing.outcome import waiting
    from flyle_sf_assets.tenants.rollback import resume, roll_back

    run = resume if is_resume else roll_back
    return run(opened, tenant, sync_id, by="flyle-sf rollback", on_wait=lambda: waiting(tenant))
