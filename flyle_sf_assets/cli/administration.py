"""The commands ``flyle-sf db …``, ``flyle-sf secrets …`` and ``flyle-sf settings``.

What does not belong here: commands that ask an org (``main.py``), and what these commands do.
"""

from functools import partial
from typing import Annotated

import typer

from flyle_sf_assets.cli.terminal.options import AsJson, Tenant
from flyle_sf_assets.cli.terminal.output import (
    RUN_AGAIN,
    error_only,
    errors_as_exit_codes,
    only_one_of,
    to_stdout,
)

db = typer.Typer(help="The product's database.", no_args_is_help=True)
secrets = typer.Typer(help="What is stored encrypted.", no_args_is_help=True)


@secrets.command()
def rotate(
    *,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a new key in FLYLE_HOME first.")
    ] = False,
) -> None:
    """Encrypt all stored secrets again, under the newest key."""
    from flyle_sf_assets.cli.secrets import run_rotate

    with errors_as_exit_codes("secrets rotate", interrupted=RUN_AGAIN):
        run_rotate(new_key=new_key)


@db.command()
def upgrade() -> None:
    """Bring the database's schema to the newest version."""
    from flyle_sf_assets.cli.opening import installation

    with errors_as_exit_codes("db upgrade", interrupted=RUN_AGAIN), installation() as opened:
        to_stdout().print(f"{opened.database!r}: the schema is current.")


@db.command()
def url() -> None:
    """Print a read-only connection string for psql."""
    from flyle_sf_assets.cli.opening import installation

    with errors_as_exit_codes("db url") as answer, installation() as opened:
        from flyle_sf_assets.cli.database import access_of, print_hints

        access = access_of(opened)
        answer.text = access.url + "\n"
        print_hints(opened, access)


@db.command()
def psql() -> None:
    """Open psql on the product's data, read-only."""
    from flyle_sf_assets.cli.opening import installation

    with errors_as_exit_codes("db psql") as answer, installation() as opened:
        from flyle_sf_assets.cli.database import access_of, run_psql

        answer.exit_code = run_psql(access_of(opened))


def settings(
    tenant: Tenant,
    *,
    show: Annotated[
        int | None, typer.Option("--show", min=1, help="Print this version as a settings file.")
    ] = None,
    restore: Annotated[
        int | None, typer.Option("--restore", min=1, help="Make this version current again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a tenant's settings; show one, or restore an earlier one."""
    from flyle_sf_assets.cli.opening import installation

    document = error_only if restore else partial(error_only, versions=[])
    with (
        errors_as_exit_codes(
            "settings", as_json=as_json, document=document, interrupted=RUN_AGAIN
        ) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.settings_versions import restore as restore_settings
        from flyle_sf_assets.cli.settings_versions import version_list, version_yaml

        if show is not None and restore is not None:
            raise only_one_of("--show", "--restore")
        if show is not None:
            text = version_yaml(opened, tenant, show)
            if as_json:
                answer.json({"tenant": tenant, "version": show, "yaml": text})
            else:
                answer.text = text
            return
        found = (
            version_list(opened, tenant)
            if restore is None
            else restore_settings(opened, tenant, restore)
        )
        if as_json:
            answer.json(found.document())
        else:
            found.print()
