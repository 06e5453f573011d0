"""Arguments that several commands take, and the options of all: language and logs.

What does not belong here: what a command does with them (``cli/main.py``).
"""

from typing import Annotated

import typer

from flyle_sf_assets import __version__
from flyle_sf_assets.cli.terminal import retry_line
from flyle_sf_assets.cli.terminal.language import LANGUAGES, choose_language
from flyle_sf_assets.cli.terminal.output import one_of
from flyle_sf_assets.telemetry import logs

Tenant = Annotated[str, typer.Argument(help="The tenant, as its settings file is named.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
LogLevel = Annotated[str, typer.Option(envvar="FLYLE_LOG_LEVEL", help="Level of the logs.")]
LogFormat = Annotated[
    str | None,
    typer.Option(envvar=logs.FORMAT_VARIABLE, help="text or json; text on a terminal, else json."),
]
Version = Annotated[
    bool,
    typer.Option(
        "--version",
        is_eager=True,
        callback=lambda asked: _print_version() if asked else None,
        help="Print the version and exit.",
    ),
]
Language = Annotated[
    str | None, typer.Option("--lang", help="ja or en; else as LC_ALL and LANG say.")
]

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

SHOWN_EVENTS: dict[str, logs.Show] = {
    retry_line.EVENT: retry_line.show,
    "sync ended": lambda _event: None,
}
"""Log events that a command shows in its own way: as a line, and as its error."""


def _print_version() -> None:
    """The version on stdout, and nothing else of the command line."""
    typer.echo(f"flyle-sf {__version__}")
    raise typer.Exit


def configure_output(log_level: str, log_format: str | None, lang: str | None) -> None:
    """Sets up the language and the logs of this process. Raises UsageError."""
    choose_language(one_of("--lang", lang, LANGUAGES) if lang else None)
    level = one_of("FLYLE_LOG_LEVEL (--log-level)", log_level, LOG_LEVELS)
    name = f"{logs.FORMAT_VARIABLE} (--log-format)"
    chosen = one_of(name, log_format, logs.FORMATS) if log_format else None
    logs.configure(level=level, log_format=chosen, shown=SHOWN_EVENTS)
