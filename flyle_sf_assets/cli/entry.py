"""Where ``flyle-sf`` begins: one command line in, its exit code out, whatever happens."""

import sys
from collections.abc import Sequence

import typer
from typer._click.exceptions import ClickException

from flyle_sf_assets import private_files
from flyle_sf_assets.cli.main import app
from flyle_sf_assets.cli.output import (
    end,
    error_answer,
    tried,
    write,
)
from flyle_sf_assets.errors import FlyleError, Text, UsageError
from flyle_sf_assets.telemetry.incidents import as_flyle_error


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code.

    Wrong usage, and errors before a command's own boundary begins, are one JSON object on stdout
    too when ``--json`` was given.
    """
    error: FlyleError | None = None
    try:
        return int(app(args=list(arguments), prog_name="flyle-sf", standalone_mode=False) or 0)
    except typer.Abort:
        return 1
    except ClickException as wrong:
        from typer import rich_utils

        rich_utils.rich_format_error(wrong)
        if "--json" in arguments:
            write(error_answer(_usage(wrong)))
        return wrong.exit_code
    except Exception as raised:  # noqa: BLE001 - the outermost boundary
        error = as_flyle_error(raised, tried(next(iter(arguments), "")))
    return end(error, as_json="--json" in arguments)


def _usage(wrong: ClickException) -> UsageError:
    return UsageError(
        "usage",
        tried=Text("コマンドの引数を読みました", "Read the command's arguments"),
        came_back=wrong.format_message(),
        remedy=Text(
            "flyle-sf COMMAND --help で引数を確認してください",
            "flyle-sf COMMAND --help tells its arguments",
        ),
    )


def main() -> None:
    """The console script."""
    private_files.create_privately()
    sys.exit(run(sys.argv[1:]))
