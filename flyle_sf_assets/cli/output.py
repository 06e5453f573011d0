"""How commands speak: tables and words on a terminal, one JSON object with ``--json``, exit codes.

What does not belong here: what is said (the commands). stdout carries the result; progress,
logs and errors go to stderr.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from flyle_sf_assets.errors import FlyleError, Problem, SettingsInvalid
from flyle_sf_assets.telemetry.redaction import redacted_text

EXIT_INVALID = 2


def language() -> str:
    """``ja`` or ``en``, as the terminal's locale says."""
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


def print_json(document: Mapping[str, Any]) -> None:
    """The one JSON object of ``--json``; nothing else goes to stdout then."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


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
        "came_back": error.came_back,
        "remedy": error.remedy.en,
        "remedy_ja": error.remedy.ja,
        "retryable": error.retryable,
    }


@contextmanager
def errors_as_exit_codes(
    *, as_json: bool = False, document: Callable[[FlyleError], Mapping[str, Any]] | None = None
) -> Iterator[None]:
    """Ends the command with the error's exit code after saying it (and as JSON on request)."""
    try:
        yield
    except FlyleError as error:
        if as_json:
            print_json(document(error) if document else {"error": error_document(error)})
        if isinstance(error, SettingsInvalid):
            print_problems(error.problems)
        else:
            first, second = ("ja", "en") if language() == "ja" else ("en", "ja")
            console = to_stderr()
            console.print(f"[red]{error.code}[/]")
            for chosen in (first, second):
                console.print("  " + redacted_text(error.in_language(chosen)), markup=False)
        raise typer.Exit(error.exit_code) from error
