"""Output of commands: text on a terminal, one JSON object with ``--json``, exit codes."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import typer
from rich.console import Console

from flyle_sf_assets.errors import FlyleError, Problem, SettingsInvalid, Text
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.redaction import redacted_text


def language() -> str:
    """``ja`` or ``en``, by the terminal's locale."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def to_stdout() -> Console:
    """For results that people read."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def to_stderr() -> Console:
    """For progress, warnings and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def problem_document(problem: Problem) -> dict[str, Any]:
    """A problem as ``--json`` shows it; ``message`` is English, ``message_ja`` Japanese."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "path": problem.path,
        "file": problem.file,
        "line": problem.line,
        "message": problem.message.en,
        "message_ja": problem.message.ja,
        "remedy": problem.remedy.en,
        "remedy_ja": problem.remedy.ja,
    }


def print_problems(problems: tuple[Problem, ...]) -> None:
    """Every problem with its place and remedy, errors first, in both languages."""
    console = to_stderr()
    for problem in sorted(problems, key=lambda p: p.severity):
        colour = "red" if problem.severity == "error" else "yellow"
        console.print(f"[{colour}]{problem.severity}[/] {problem.place} ({problem.code})")
        for text in (problem.message, problem.remedy):
            first, second = (text.ja, text.en) if language() == "ja" else (text.en, text.ja)
            console.print(f"  {first}\n  {second}", markup=False)


def error_document(error: FlyleError) -> dict[str, Any]:
    """An error as ``--json`` shows it."""
    return {
        "code": error.code,
        "tried": error.tried.en,
        "tried_ja": error.tried.ja,
        "came_back": redacted_text(error.came_back),
        "remedy": error.remedy.en,
        "remedy_ja": error.remedy.ja,
        "retryable": error.retryable,
        **({"incident": error.incident} if error.incident else {}),
    }


Document = Callable[[FlyleError], Mapping[str, Any]]
"""What ``--json`` prints for an error."""


def error_only(error: FlyleError, **empty: object) -> dict[str, Any]:
    """The error, beside the members that the command would have had."""
    return {**empty, "error": error_document(error)}


def print_error(error: FlyleError) -> None:
    """The error on stderr, once: its code, then its text in both languages."""
    if isinstance(error, SettingsInvalid):
        print_problems(error.problems)
        return
    console = to_stderr()
    console.print(f"[red]{error.code}[/]")
    for chosen in ("ja", "en") if language() == "ja" else ("en", "ja"):
        console.print("  " + redacted_text(error.in_language(chosen)), markup=False)


def raw_json(text: str | None) -> msgspec.Raw | None:
    """JSON as it is stored: no number passes through a float."""
    return None if text is None else msgspec.Raw(text.encode())


@dataclass
class Answer:
    """The final output of a command: at most one JSON object, and its exit code."""

    exit_code: int = 0
    text: str = ""

    def json(self, document: Mapping[str, Any]) -> None:
        """The one JSON object of ``--json``; it goes to stdout when the command has ended."""
        self.json_text(json.dumps(document, ensure_ascii=False, default=str))

    def json_text(self, text: str) -> None:
        """The same, already encoded: numbers exactly as they are stored."""
        self.text = text + "\n"


@contextmanager
def errors_as_exit_codes(
    command: str,
    *,
    as_json: bool = False,
    document: Document = error_only,
) -> Iterator[Answer]:
    """The boundary of a command: whatever happens inside ends in its answer and exit code.

    An error, foreseen or not, is printed once on stderr; with ``as_json`` stdout has
    ``document(error)`` instead of anything that the command had answered before.
    """
    answer = Answer()
    error: FlyleError | None = None
    try:
        yield answer
        write(answer.text)
    except (typer.Exit, typer.Abort):
        raise
    except Exception as raised:  # noqa: BLE001 - the boundary: nothing passes it as a traceback
        if isinstance(raised, BrokenPipeError):  # no process reads the output any more
            _give_stdout_up()
            raise typer.Exit(1) from None
        error = as_flyle_error(raised, tried(command))
    if error is not None:
        answer.exit_code = end(error, as_json=as_json, document=document)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)


def error_answer(error: FlyleError, document: Document = error_only) -> str:
    """The JSON object that a command prints instead of its own."""
    return json.dumps(document(error), ensure_ascii=False, default=str) + "\n"


def end(error: FlyleError, *, as_json: bool, document: Document = error_only) -> int:
    """Prints the error, as JSON too on request, and returns its exit code."""
    try:
        write(error_answer(error, document) if as_json else "")
    except OSError:  # stdout fails, which may be the error itself: stderr reports it
        _give_stdout_up()
    with suppress(OSError):  # there is no other output
        print_error(error)
    return error.exit_code


def write(text: str) -> None:
    """Writes to stdout and makes sure that it was written. Raises OSError when it was not."""
    if text:
        encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
        sys.stdout.write(text if encoding == "utf8" and _is_encodable(text) else _ascii(text))
    sys.stdout.flush()


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _ascii(text: str) -> str:
    """The same JSON in ASCII: only strings contain other characters, and may have escapes."""
    return "".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text)


def _give_stdout_up() -> None:
    """Discards stdout's buffer, so that it does not fail once more while Python ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def tried(command: str) -> Text:
    """The ``tried`` text of a command when nothing more is known."""
    return Text(f"flyle-sf {command} を実行しました", f"Ran flyle-sf {command}")
