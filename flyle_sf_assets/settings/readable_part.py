"""The part of a faulty settings file that can be compared with an org all the same.

One pass of ``check`` shows the file's own problems and those of the org together: mappings,
conditions and one-to-one objects without a problem are kept, with their places in the file.

What does not belong here: comparing (``check``), and reading files that will be applied
(``loading.py``): a faulty file is never applied in part.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.settings.file_reading import FILE_BYTES_MAX, read_bounded
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.wording import LineMap, item_path
from flyle_sf_assets.settings.yaml_reading import read_yaml

_LISTS = ("mapping", "source.conditions", "source.one_to_one")
_ITEM = re.compile(r"(mapping|source\.conditions|source\.one_to_one)\[(\d+)\]")
_NEEDED = {"display_name": "-", "plan": "enterprise"}
"""No org is asked about these: any valid value does."""

_ORG_ASKED_BY = ("connection", "source", "mapping", "time_zone")


@dataclass(frozen=True, slots=True)
class ReadablePart:
    """Settings without the faulty items of the file, and where each kept item is in it."""

    settings: TenantSettings
    numbers: Mapping[str, tuple[int, ...]]
    lines: LineMap

    def placed(self, problem: Problem) -> Problem:
        """A problem of these settings at its place in the file."""
        path = _ITEM.sub(
            lambda item: item_path(item[1], self.numbers[item[1]][int(item[2])]), problem.path
        )
        return replace(problem, path=path, line=self.lines.nearest_line(path), file=self.lines.file)


def readable_part(
    path: Path, tenant: str, problems: Iterable[Problem], extra_hosts: Iterable[str] = ()
) -> ReadablePart | None:
    """What can be compared of a file with these problems; None when that is nothing.

    Nothing is, for example, without a connection that can be used or a base object.
    """
    try:
        reading = read_yaml(read_bounded(path, FILE_BYTES_MAX), path.name)
    except (OSError, ValueError):
        return None
    if not isinstance(reading.document, dict):
        return None
    faulty = {one.path for one in problems if one.severity == "error"}
    document: dict[str, Any] = {
        **_NEEDED,
        **{name: part for name, part in reading.document.items() if name in _ORG_ASKED_BY},
        "tenant": tenant,
    }
    source = document.get("source")
    if isinstance(source, dict):
        document["source"] = dict(source)
    numbers = {place: _kept(document, place, faulty) for place in _LISTS}
    settings = validate(document, extra_hosts=extra_hosts).settings
    return None if settings is None else ReadablePart(settings, numbers, reading.lines)


def _kept(document: dict[str, Any], place: str, faulty: set[str]) -> tuple[int, ...]:
    """Leaves the faulty items out of a list, and returns the numbers of the others."""
    *outer, name = place.split(".")
    holder = document.get(outer[0]) if outer else document
    items = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(items, list):
        return ()
    numbers = tuple(
        number
        for number in range(len(items))
        if not any(_is_at(path, item_path(place, number)) for path in faulty)
    )
    holder[name] = [items[number] for number in numbers]
    return numbers


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))
