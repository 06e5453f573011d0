"""The commands ``flyle-sf db …`` and ``flyle-sf secrets …``.

What does not belong here: commands about tenants (``main.py``), and what these commands do.
"""

from typing import Annotated

import typer

from flyle_sf_assets.cli.terminal.output import RUN_AGAIN, errors_as_exit_codes, to_stdout

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
