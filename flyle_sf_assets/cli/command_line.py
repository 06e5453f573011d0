"""One command line of ``flyle-sf`` in, its exit code out, whatever happens."""

from collections.abc import Sequence
from itertools import islice

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer._click.exceptions import UsageError as WrongUsage

from flyle_sf_assets.cli.main import app
from flyle_sf_assets.cli.terminal.language import choose_language
from flyle_sf_assets.cli.terminal.output import end, to_stderr, tried
from flyle_sf_assets.errors import FlyleError, Text, UsageError
from flyle_sf_assets.telemetry.incidents import as_flyle_error


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code.

    Wrong usage, and errors before a command's own boundary begins, are one JSON object on stdout
    too when ``--json`` was given.
    """
    error: FlyleError | None = None
    choose_language(None)
    try:
        return int(
            app(args=options_first(arguments), prog_name="flyle-sf", standalone_mode=False) or 0
        )
    except typer.Abort:
        return 1
    except ClickException as wrong:
        if isinstance(wrong, NoArgsIsHelpError):
            to_stderr().print(wrong.format_message())
            return wrong.exit_code
        if isinstance(wrong, WrongUsage) and wrong.ctx is not None:
            to_stderr().print(wrong.ctx.get_usage())
        error = _usage(wrong)
    except Exception as raised:  # noqa: BLE001 - the outermost boundary
        error = as_flyle_error(raised, tried(next(iter(arguments), "")))
    return end(error, as_json="--json" in arguments)


def options_first(arguments: Sequence[str]) -> list[str]:
    """The command line with ``--lang`` before the command, where the program's own options are.

    >>> options_first(["status", "acme", "--lang", "ja"])
    ['--lang', 'ja', 'status', 'acme']
    """
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*first, *rest, word, *words]
        if word == "--lang":
            first += [word, *islice(words, 1)]
        elif word.startswith("--lang="):
            first.append(word)
        else:
            rest.append(word)
    return [*first, *rest]


def _usage(wrong: ClickException) -> UsageError:
    return UsageError(
        "usage",
        tried=Text("コマンドの引数を読み取ろうとしました", "Tried to read the command's arguments"),
        came_back=Text.quoted(wrong.format_message()),
        remedy=Text(
            "flyle-sf COMMAND --help で引数を確認してください",
            "flyle-sf COMMAND --help tells its arguments",
        ),
    )
