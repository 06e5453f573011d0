"""From the bytes of a YAML file to a plain document, with the line of every path in it.

Scalars keep their exact text: ``1.10``, ``2024-01-31`` and ``007`` arrive as written. Only an
unquoted ``true``/``false`` becomes a boolean and an unquoted ``null``/``~`` (or nothing at all)
becomes None. A settings file is read by people, so what hides meaning is refused with its
line: anchors, aliases, merge keys, tags, duplicate keys, a second document.
"""

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scanner import Scanner

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.settings import yaml_faults as faults
from flyle_sf_assets.settings.file_reading import FILE_BYTES_MAX
from flyle_sf_assets.settings.wording import LineMap, child_path, item_path

NESTING_MAX = 20
EVENTS_MAX = 150_000
"""Starts, ends, keys and values. The parser needs about 50 µs for each, so this bounds the time
for a file; 2,000 mappings are 24,000 of them."""

TAG_CHARACTERS_MAX = 1_000

_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Plain = str | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as far as it could be read.

    ``document`` is None when its content is not known; ``unreadable`` has the paths whose value
    was refused here and must not be reported again.
    """

    document: Plain
    lines: LineMap
    problems: tuple[Problem, ...]
    unreadable: frozenset[str] = frozenset()


def read_yaml(content: bytes, file: str) -> Reading:
    """The document in these bytes. Never raises: faults are in ``problems``."""
    empty = LineMap(file)
    if len(content) > FILE_BYTES_MAX:
        return Reading(None, empty, (faults.file_too_large(len(content), FILE_BYTES_MAX),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Reading(None, empty, (faults.not_utf8(line),))
    builder = _Builder(file)
    try:
        _build(text, builder)
    except _Refused as refused:
        return builder.broken_off(refused.problem)
    except MarkedYAMLError as error:
        return Reading(None, empty, (faults.syntax(error),))
    except YAMLError as error:
        return Reading(None, empty, (faults.unprintable(error, text),))
    return builder.reading()


def _build(text: str, builder: "_Builder") -> None:
    """Passes every event to the builder. Raises _Refused, YAMLError."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    try:
        for count, event in enumerate(yaml.parse(text)):
            if count >= EVENTS_MAX:
                line = event.start_mark.line + 1
                raise _Refused(faults.too_many_values(line, EVENTS_MAX))
            builder.take(event)
    except (AssertionError, ValueError, OverflowError):
        # Bugs of the parser: a %YAML directive of version 1.0, a \U escape beyond Unicode.
        raise MarkedYAMLError from None


class _Refused(Exception):
    """Reading stops because of ``problem``."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.code)


class _Scanner(Scanner):
    """ruamel's, without the two places where its time grows with the square of the size.

    For each token it checks every open bracket: 8 kB of ``[`` took 15 s, 100 kB minutes. It
    copies a tag for each of its letters. The parser reads ahead, so a limit on what it returns
    would be too late.
    """

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803
        """An opening bracket or brace."""
        if len(self.flow_context) >= NESTING_MAX:
            raise _Refused(faults.placed("nested_too_deep", "", self.reader.line + 1))
        super().fetch_flow_collection_start(TokenClass, to_push)

    def fetch_tag(self) -> None:
        """``!name`` or ``!<name>``."""
        ahead = self.reader.prefix(TAG_CHARACTERS_MAX)
        if len(ahead) == TAG_CHARACTERS_MAX and not any(letter.isspace() for letter in ahead):
            raise _Refused(faults.placed("tag", "", self.reader.line + 1))
        super().fetch_tag()


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled. ``key`` waits for its value."""

    path: str
    value: dict[str, Plain] | list[Plain]
    key: str | None = None
    skips_value: bool = False


class _Builder:
    """Builds the document from parser events with its own stack, so that depth is bounded."""

    def __init__(self, file: str) -> None:
        self._lines: dict[str, int] = {}
        self._map = LineMap(file, self._lines)
        self._problems: list[Problem] = []
        self._unreadable: set[str] = set()
        self._stack: list[_Open] = []
        self._ignored_depth = 0
        self._has_document = self._has_ended = False
        self._root: Plain = None

    def reading(self) -> Reading:
        problems = tuple(self._problems)
        if self._root is None and not problems:
            problems = (faults.empty_file(),)
        elif not isinstance(self._root, dict) and not problems:
            problems = (faults.not_a_mapping(self._map.line_of("")),)
        return Reading(self._root, self._map, problems, frozenset(self._unreadable))

    def broken_off(self, last: Problem) -> Reading:
        """The whole document is refused; the problems found so far are reported with the reason."""
        return Reading(None, self._map, (*self._problems, last))

    def take(self, event: events.Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, events.DocumentStartEvent):
            if self._has_document:
                self._has_ended = True
                self._problems.append(faults.second_document(line))
            self._has_document = True
        if self._has_ended:
            return
        is_start = isinstance(event, events.MappingStartEvent | events.SequenceStartEvent)
        is_end = isinstance(event, events.MappingEndEvent | events.SequenceEndEvent)
        if self._ignored_depth:
            self._ignored_depth += is_start - is_end
        elif is_start:
            self._open(event, line)
        elif is_end:
            self._stack.pop()
        elif isinstance(event, events.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, events.AliasEvent):
            self._refuse_value(line, "alias")

    def _open(self, event: events.Event, line: int) -> None:
        if self._waits_for_key or len(self._stack) >= NESTING_MAX:
            self._refuse_value(line, "nested_too_deep")
            self._ignored_depth = 1
            return
        value: dict[str, Plain] | list[Plain]
        value = {} if isinstance(event, events.MappingStartEvent) else []
        path = self._place(value, line)
        self._refuse_decoration(event, path, line)
        self._stack.append(_Open(path, value))

    def _scalar(self, event: events.ScalarEvent, line: int) -> None:
        if self._waits_for_key:
            path = self._key(event.value, line)
        else:
            path = self._place(_plain(event), line)
        self._refuse_decoration(event, path, line)

    def _key(self, key: str, line: int) -> str:
        top = self._stack[-1]
        path = child_path(top.path, key)
        top.key, top.skips_value = key, False
        if key == "<<":
            self._problems.append(faults.placed("merge_key", top.path, line))
            top.skips_value = True
        elif key in top.value:
            self._problems.append(faults.duplicate_key(path, self._lines.get(path), line))
            top.skips_value = True
        else:
            self._lines.setdefault(path, line)
        return path

    @property
    def _waits_for_key(self) -> bool:
        if not self._stack:
            return False
        top = self._stack[-1]
        return isinstance(top.value, dict) and top.key is None

    def _place(self, value: Plain, line: int) -> str:
        """Inserts a value into the document and returns its path."""
        if not self._stack:
            self._root = value
            self._lines[""] = line
            return ""
        top = self._stack[-1]
        if isinstance(top.value, list):
            path = item_path(top.path, len(top.value))
            self._lines.setdefault(path, line)
            top.value.append(value)
            return path
        key, top.key = top.key or "", None
        if not top.skips_value:
            top.value[key] = value
        top.skips_value = False
        return child_path(top.path, key)

    def _refuse_value(self, line: int, code: faults.Placed) -> None:
        if self._waits_for_key:
            # What follows is this key's value; both are dropped.
            top = self._stack[-1]
            top.key, top.skips_value = "", True
            self._problems.append(faults.placed("key_not_text", top.path, line))
            return
        is_dropped_anyway = bool(self._stack) and self._stack[-1].skips_value
        path = self._place(None, line)
        if not is_dropped_anyway:
            self._unreadable.add(path)
            self._problems.append(faults.placed(code, path, line))

    def _refuse_decoration(self, event: events.Event, path: str, line: int) -> None:
        if getattr(event, "anchor", None) is not None:
            self._problems.append(faults.placed("anchor", path, line))
        if getattr(event, "ctag", None) is not None:
            self._problems.append(faults.placed("tag", path, line))


def _plain(event: events.ScalarEvent) -> str | bool | None:
    if event.style:
        return str(event.value)
    if event.value in _NULLS:
        return None
    return _BOOLEANS.get(event.value, str(event.value))
