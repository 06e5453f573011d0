"""Output of commands: text on a terminal, one JSON object with ``--json``, exit codes."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.cli.terminal import retry_line
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.errors import FlyleError, Problem, SettingsInvalid, Text, UsageError
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.redaction import redacted_text

T = TypeVar("T", bound=str)
REMEDY = Text("対処", "What to do")

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that move a terminal's cursor, colour it, or turn the direction of a line."""

UNCUT_COLUMNS = 10_000


def printable(text: object) -> RichText:
    """A value as one line; as `Terminal` it lets no value control the terminal."""
    return RichText(CONTROLS.sub("\ufffd", " ".join(str(text).split())))


def shown_phrase(told: Phrase) -> RichText:
    """The sentence, and the same in API names beside it."""
    line = printable(told.text.in_language(language()))
    if told.api:
        line.append("  ").append(printable(told.api).plain, style="dim")
    return line


class Terminal(Console):
    """Where a command writes to people. No text in it is markup or controls the terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        retry_line.clear()
        is_cut = (sys.stderr if stderr else sys.stdout).isatty() or bool(os.environ.get("COLUMNS"))
        super().__init__(
            stderr=stderr,
            highlight=False,
            markup=False,
            emoji=False,
            # In a pipe or a file no line is cut or wrapped.
            soft_wrap=not is_cut,
            width=None if is_cut else UNCUT_COLUMNS,
        )

    def render_str(self, text: str, **options: Any) -> RichText:
        """The text without the characters that a value of an org could control a terminal by."""
        return super().render_str(CONTROLS.sub("\ufffd", text), **options)


def to_stdout() -> Terminal:
    """For results that people read."""
    return Terminal()


def to_stderr() -> Terminal:
    """For progress, warnings and errors."""
    return Terminal(stderr=True)


def listing(*, gap: int = 2, fills: bool = False) -> Table:
    """An empty table without lines, ``gap`` blanks between columns; may fill a line's width."""
    return Table(
        box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold", expand=fills
    )


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
    """Every problem with its place and remedy, errors first."""
    console = to_stderr()
    for problem in sorted(problems, key=lambda p: p.severity):
        colour = "red" if problem.severity == "error" else "yellow"
        severity = RichText(problem.severity, style=colour)
        console.print(severity.append(f" {problem.place} ({problem.code})", style="default"))
        console.print(
            explanation(
                (Text("内容", "What"), problem.message.in_language(language())),
                (REMEDY, problem.remedy.in_language(language())),
            )
        )


def error_document(error: FlyleError) -> dict[str, Any]:
    """An error as ``--json`` shows it."""
    return {
        "code": error.code,
        "tried": error.tried.en,
        "tried_ja": error.tried.ja,
        "came_back": redacted_text(error.came_back.en),
        "came_back_ja": redacted_text(error.came_back.ja),
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
    """The error on stderr, once: its code, what was tried, what came back, what to do."""
    if isinstance(error, SettingsInvalid):
        print_problems(error.problems)
        return
    console = to_stderr()
    console.print(f"{say('エラー', 'Error')}: {error.code}", style="red")
    console.print(
        explanation(
            (Text("行ったこと", "Attempt"), error.tried.in_language(language())),
            (Text("結果", "Came back"), error.result.in_language(language())),
            (REMEDY, error.remedy.in_language(language())),
        )
    )


def explanation(*parts: tuple[Text, str]) -> RenderableType:
    """Names and texts below a title: indented, long texts wrapped beside their names."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in parts:
        table.add_row(name.in_language(language()), printable(redacted_text(text)))
    return Padding(table, (0, 0, 0, 2), expand=False)


NOTHING_CHANGED = Text("中断しました。何も変更していません。", "Stopped. Nothing was changed.")
RUN_AGAIN = Text(
    "中断しました。完了した変更は保存されています。もう一度実行すると続きから始まります。",
    "Stopped. What was done is stored; run the command again to go on.",
)
STOPPED = Text("停止しました。", "Stopped.")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and what it means: ``about`` says what is kept and when it goes on."""

    def __init__(self, about: Text) -> None:
        super().__init__()
        self.about = about


def print_interrupted(about: Text) -> None:
    """Says on stderr what an interrupt means; a terminal's line begins with ^C."""
    console = to_stderr()
    if console.is_terminal:
        console.print()
    console.print(about.in_language(language()))


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
    interrupted: Text = NOTHING_CHANGED,
) -> Iterator[Answer]:
    """The boundary of a command: whatever happens inside ends in its answer and exit code.

    An error, foreseen or not, is printed once on stderr; with ``as_json`` stdout has
    ``document(error)`` instead of anything that the command had answered before. Ctrl-C prints
    ``interrupted``, unless the command has said more about it (`Interrupted`).
    """
    answer = Answer()
    error: FlyleError | None = None
    try:
        yield answer
        write(answer.text)
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as interrupt:
        print_interrupted(interrupt.about if isinstance(interrupt, Interrupted) else interrupted)
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


def one_of(name: str, value: str, allowed: Sequence[T]) -> T:
    """The one of ``allowed`` that ``value`` is, in any case. Raises UsageError ``usage``."""
    for one in allowed:
        if one.lower() == value.lower():
            return one
    raise UsageError(
        "usage",
        tried=Text(f"{name} を読み取ろうとしました", f"Tried to read {name}"),
        came_back=Text(f"値は {value!r} です", f"It says {value!r}"),
        remedy=Text(
            f"{'、'.join(allowed)} のいずれかを指定してください",
            f"Give one of {', '.join(allowed)}",
        ),
    )


def only_one_of(*options: str) -> UsageError:
    """The error of a command line that has several options which exclude each other."""
    return UsageError(
        "usage",
        tried=Text("コマンドの引数を読み取ろうとしました", "Tried to read the command's arguments"),
        came_back=Text(
            f"{' と '.join(options)} は同時に指定できません",
            f"{' and '.join(options)} exclude each other",
        ),
        remedy=Text("どちらか一方を指定してください", "Give only one of them"),
    )


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
    return Text(f"flyle-sf {command} を実行しようとしました", f"Tried to run flyle-sf {command}")
