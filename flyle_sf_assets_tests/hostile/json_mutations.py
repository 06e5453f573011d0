"""JSON changed at one place that a seed chooses: dropped, retyped, renamed, nested, absurd.

What does not belong here: which answers they are made to (``mutations.py``), and changes that
know what an answer means (``lies.py``).
"""

import json
import random
import re
from collections.abc import Callable
from typing import Any

Change = Callable[[dict[Any, Any] | list[Any], Any, random.Random], None]
"""Changes the member or element at the given key of the container."""

_RAW, _TWICE = "@raw@", "@twice@"
_MARKED = re.compile(r'"@raw@([^"]*)"')
_NAMED_TWICE = re.compile(r'"@twice@')

HUGE_STRING = "x" * 1_000_000
DEEP = 50_000


def written(tree: Any) -> bytes:
    """The tree as JSON text; what json would not write stands in marked strings."""
    text = json.dumps(tree, ensure_ascii=True)
    text = _MARKED.sub(lambda found: found[1], text)
    return _NAMED_TWICE.sub('"', text).encode()


def raw(text: str) -> str:
    """A string that is written without its quotes."""
    return _RAW + text


def changed_somewhere(tree: Any, change: Change, rng: random.Random) -> Any:
    """The tree with one place changed. The place is near the root about as often as deep down."""
    root = {"": tree}
    at: Any = root
    key: Any = ""
    while isinstance(below := at[key], dict | list) and below:
        if key != "" and rng.random() < 0.3:
            break
        at = below
        key = rng.choice(list(at)) if isinstance(at, dict) else rng.randrange(len(at))
    change(at, key, rng)
    return root.get("", raw(""))


def dropped(at: Any, key: Any, _rng: random.Random) -> None:
    """It is not there."""
    del at[key]


def renamed(at: Any, key: Any, _rng: random.Random) -> None:
    """It has another name; an element of a list stands at its other end."""
    if isinstance(at, dict):
        at[f"{key}X"] = at.pop(key)
    else:
        at.insert(0 if key else len(at), at.pop(key))


def doubled(at: Any, key: Any, rng: random.Random) -> None:
    """It is there twice; a member with two values."""
    if isinstance(at, dict):
        at[f"{_TWICE}{key}"] = rng.choice([None, "", [], 0])
    else:
        at.insert(key, at[key])


def nested(at: Any, key: Any, rng: random.Random) -> None:
    """It lies one deeper."""
    at[key] = rng.choice([[at[key]], {"value": at[key]}])


def swapped(at: Any, key: Any, rng: random.Random) -> None:
    """Two neighbours have changed places."""
    keys = list(at) if isinstance(at, dict) else list(range(len(at)))
    other = rng.choice(keys)
    at[key], at[other] = at[other], at[key]


def _value(*values: Any) -> Change:
    def change(at: Any, key: Any, rng: random.Random) -> None:
        at[key] = rng.choice(values)

    return change


def _retyped(at: Any, key: Any, _rng: random.Random) -> None:
    value = at[key]
    if isinstance(value, bool):
        at[key] = str(value)
    elif isinstance(value, str):
        at[key] = len(value)
    elif isinstance(value, dict | list):
        at[key] = "text"
    else:
        at[key] = [value]


CHANGES: dict[str, Change] = {
    "dropped": dropped,
    "renamed": renamed,
    "doubled": doubled,
    "nested": nested,
    "swapped": swapped,
    "retyped": _retyped,
    "null": _value(None),
    "empty": _value("", [], {}),
    "negative": _value(-1, -(10**18)),
    "float": _value(1.5, raw("1e3"), raw("-0.0")),
    "huge number": _value(raw("1e999999999"), raw("9" * 5_000), 2**63, 2**64),
    "not a number": _value(raw("NaN"), raw("Infinity"), raw("-Infinity")),
    "huge string": _value(HUGE_STRING),
    "deep": _value(raw("[" * DEEP + "]" * DEEP), raw("[" * DEEP)),
    "surrogate": _value("\ud800", "a\udfffb"),
    "control": _value("\x00", "a\x00b", "\x1b[31m\r\nX: y", "\u2028"),
    "path": _value("/etc/passwd", "../../../globex", "https://evil.example/", "*"),
    "markup": _value("<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --", "%s%n"),
    "other script": _value("日本語🏢", "\u202eabc", "\ufeff", "e\u0301"),
    "bool": _value(*map(bool, (1, 0))),
}
