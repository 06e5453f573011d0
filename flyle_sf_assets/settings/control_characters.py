"""Invisible characters that settings must not contain."""

import re
from collections.abc import Iterator

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.wording import child_path, item_path

_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Also bidirectional controls: a name must not look like another one."""

_LINE_CHARACTERS = re.compile(r"[\t\n\r]")
_MANY_LINES = re.compile(r"source\.conditions\[.*")
"""Where text may have tabs and line ends; names, labels and paths may not."""


def places(document: dict[str, object]) -> Iterator[str]:
    """Paths of text that PostgreSQL or a terminal cannot accept: NUL, lone surrogates."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(child_path(path, str(key)), member) for key, member in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(item_path(path, index), item) for index, item in enumerate(value)]
        elif isinstance(value, str) and _has_control_characters(path, value):
            yield path


def _has_control_characters(path: str, text: str) -> bool:
    if _CONTROL_CHARACTERS.search(text):
        return True
    return _LINE_CHARACTERS.search(text) is not None and not _MANY_LINES.fullmatch(path)


def problem(path: str) -> Problem:
    """The problem of the text at that path."""
    return Problem(
        "control_character",
        path,
        Text("値に目に見えない制御文字が含まれています。", "The value holds a control character."),
        Text("その文字を消してください。", "Delete that character."),
    )
