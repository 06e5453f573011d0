"""Exceptions described without their texts: type, places in the code, errno and SQLSTATE.

Libraries quote records in their texts (polars the value that does not convert, PostgreSQL the key
that exists already), so no text of an exception that is not ours goes anywhere.
"""

import re
import traceback
from collections.abc import Iterator
from errno import errorcode
from pathlib import Path
from types import TracebackType
from typing import Any

from flyle_sf_assets.errors import FlyleError

FRAMES_FIRST = 8
FRAMES_LAST = 24
"""A recursion has a thousand frames; the first and the last ones are enough to recognise it."""

CHAIN_MAX = 8

_PACKAGE = Path(__file__).parents[1]

_RUST_ERRNO = re.compile(r"\(os error (\d{1,4})\)(: /|$)")
"""The end of an I/O error's text in Rust's standard library: all that polars keeps of it."""

_IO_ERRORS = ("OSError", "ComputeError")
"""What polars raises for one; its conversion errors quote values, which can be any text."""


def raised(error: BaseException) -> list[dict[str, Any]]:
    """An exception and its causes, the outermost first, without any of their texts."""
    return [_described(one) for one in list(chain(error))[:CHAIN_MAX]]


def frames(trace: TracebackType | None) -> list[str]:
    """``flyle_sf_assets/raw/plan.py:88 in plan``, from the caller to where it happened."""
    found = [
        f"{_shown_path(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    if len(found) <= FRAMES_FIRST + FRAMES_LAST:
        return found
    skipped = len(found) - FRAMES_FIRST - FRAMES_LAST
    return [*found[:FRAMES_FIRST], f"… {skipped} more …", *found[-FRAMES_LAST:]]


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, or what a library wrapped in it; each once."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = getattr(one, "orig", None)  # SQLAlchemy's name of the driver's own error
        todo += [wrapped if isinstance(wrapped, BaseException) else None]
        todo += [one.__cause__, one.__context__]


def os_error_number(error: BaseException) -> int | None:
    """The errno of an I/O error, as Python or polars reports it."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _RUST_ERRNO.search(str(error)) if type(error).__name__ in _IO_ERRORS else None
    return int(found[1]) if found else None


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE that PostgreSQL gave, from either driver."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) else None


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    number, state = os_error_number(error), sqlstate(error)
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        **({"code": error.code} if isinstance(error, FlyleError) else {}),
        **({"errno": errorcode.get(number, number)} if number is not None else {}),
        **({"sqlstate": state} if state else {}),
        "frames": frames(error.__traceback__),
    }


def _shown_path(file: str) -> str:
    """Relative to the package or site-packages when it is there: home directories stay hidden."""
    path = Path(file)
    if path.is_relative_to(_PACKAGE.parent):
        return path.relative_to(_PACKAGE.parent).as_posix()
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    return path.name
