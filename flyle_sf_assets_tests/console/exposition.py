"""Reads Prometheus' text format, written from its documentation and not from our code."""

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
_PARTS = ("_bucket", "_sum", "_count")

Labels = frozenset[tuple[str, str]]


@dataclass
class Exposition:
    """What a scrape would store: ``types`` by metric, values by name and labels."""

    types: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def value(self, name: str, **labels: str) -> float:
        """One value."""
        return self.values[name, frozenset(labels.items())]


def parsed(text: str) -> Exposition:
    """The parsed text; an AssertionError says what Prometheus would refuse."""
    found, helped = Exposition(), set[str]()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in helped, f"{name} is explained twice"
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in found.types
            assert kind in ("counter", "gauge", "histogram")
            found.types[name] = kind
        else:
            _sample(line, found)
    assert helped == set(found.types)
    return found


def _sample(line: str, found: Exposition) -> None:
    matched = _SAMPLE.fullmatch(line)
    assert matched, line
    name, written, value = matched.groups()
    labels = _LABEL.findall(written or "")
    assert "".join(f'{key}="{text}",' for key, text in labels) == (written + "," if written else "")
    key = (name, frozenset((key, text) for key, text in labels))
    assert key not in found.values, f"{line}: twice"
    family = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
    latest = list(found.types)[-1]
    assert latest in (name, family), f"{line} does not follow its TYPE"
    found.values[key] = float(value.replace("+Inf", "inf"))
