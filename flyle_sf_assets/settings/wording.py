"""How values, keys and paths are shown to people, and which names are near a mistyped one.

Also on which line of a settings file a path stands (`LineMap`).

Nothing under ``connection`` is shown unless it cannot be a secret: a consumer secret written
into the file by mistake must not appear in a log or on a page.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flyle_sf_assets.errors import Text

SHOWN_CHARACTERS_MAX = 60
SUGGESTIONS_MAX = 3
_CONNECTION = "connection"
_PLAIN_KEY = re.compile(r"[\w\- ]{1,40}")
_PLAIN_CONNECTION_KEY = re.compile(r"[A-Za-z_]{1,30}")
_PLAIN_FLOW = re.compile(r"[A-Za-z_-]{1,24}")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:/_-]{1,80}")


def shown_key(parent: str, key: str) -> str:
    """The key as it may be shown, or ``?`` where it could hold a secret (``{SECRET}``)."""
    plain = _PLAIN_CONNECTION_KEY if _is_connection(parent) else _PLAIN_KEY
    return key if plain.fullmatch(key) else "?"


def child_path(parent: str, key: str) -> str:
    """The path of a key in its mapping: ``source.object``."""
    shown = shown_key(parent, key)
    return f"{parent}.{shown}" if parent else shown


def item_path(parent: str, index: int) -> str:
    """The path of an item in its list, counted from zero: ``mapping[2]``."""
    return f"{parent}[{index}]"


def shown_value(path: str, value: object) -> Text | None:
    """The value in quotation marks, on one line, or None where it must not be shown."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = " ".join(value.split())
    else:
        return None
    if _is_connection(path) and not _may_be_shown(path, text):
        return None
    return quoted(text)


def named_value(path: str, value: object) -> Text:
    """The value in quotation marks, or "this value" where it must not be shown."""
    return shown_value(path, value) or Text("この値", "This value")


def quoted(text: str) -> Text:
    """The text in each language's quotation marks, cut off where it is long."""
    if len(text) > SHOWN_CHARACTERS_MAX:
        text = f"{text[:SHOWN_CHARACTERS_MAX]}…"
    return Text(f"「{text}」", f'"{text}"')


def _is_connection(path: str) -> bool:
    return path == _CONNECTION or path.startswith((f"{_CONNECTION}.", f"{_CONNECTION}["))


def _may_be_shown(path: str, text: str) -> bool:
    if path == f"{_CONNECTION}.flow":
        return _PLAIN_FLOW.fullmatch(text) is not None
    return path == f"{_CONNECTION}.org_url" and _PLAIN_URL.fullmatch(text) is not None


def nearest(word: str, names: Iterable[str], *, limit: int = SUGGESTIONS_MAX) -> tuple[str, ...]:
    """The names most similar to the word, the nearest first; case is ignored."""
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(word.casefold(), by_folded, n=limit, cutoff=0.6)
    return tuple(by_folded[folded] for folded in found)


def listed(names: Iterable[str]) -> str:
    """Names joined by commas: ``Account, Opportunity``."""
    return ", ".join(names)


@dataclass(frozen=True)
class LineMap:
    """The line of each path of a document in its file. ``file`` is the file's name."""

    file: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, path: str) -> int | None:
        """The line (1-based) of exactly that path, such as ``mapping[2].from``, or None."""
        return self.lines.get(path)

    def nearest_line(self, path: str) -> int | None:
        """The line of the path or, when it is not in the file, of the nearest path above it."""
        while path not in self.lines and path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path)
