"""The impact of a settings change before any run: affected companies, and what is read again.

Computed from the settings and the last stored object schemas, so that `apply` can report it
without the org. What does not belong here: which assets become stale (``parts.py``), and the exact
preview, which asks the org (X6).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from flyle_sf_assets.raw.plan import ReadPlan, Schemas, plan
from flyle_sf_assets.settings.models import FieldMapping, TenantSettings
from flyle_sf_assets.settings.versions import Json, canonical


class Touched(IntEnum):
    """Which stored companies a change can affect; a larger one includes the smaller ones."""

    NONE = 0
    LINKED = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """One object that is read again from Salesforce: ``columns`` of all stored records.

    With ``whole`` every record in scope is read with all its columns. While the object is not
    known yet, ``object`` is the path to it.
    """

    object: str
    columns: tuple[str, ...]
    whole: bool


def companies_touched(before: TenantSettings | None, after: TenantSettings) -> Touched:
    """Which companies can change by this; a label or a removed mapping changes no row."""
    if before is None:
        return Touched.NONE
    if _scope(before) != _scope(after):
        return Touched.ALL
    touched = [Touched.NONE]
    if before.time_zone != after.time_zone or _joins(before) != _joins(after):
        touched.append(Touched.LINKED)
    old = {mapping.to: mapping for mapping in before.mapping}
    touched += [_mapping_touches(old.get(mapping.to), mapping) for mapping in after.mapping]
    return max(touched)


def read_again(
    before: TenantSettings | None, after: TenantSettings, schemas: Schemas
) -> tuple[ReadAgain, ...]:
    """What the next run reads from Salesforce because of the change, in the order of the reads."""
    described = {name: schema for name, schema in schemas.items() if schema is not None}
    new = plan(after, described)
    old = plan(before, described) if before else None
    is_scope_new = before is None or _scope(before) != _scope(after)
    known = tuple(
        one for one in _by_dataset(old, new, is_scope_new=is_scope_new) if one.object in described
    )
    return (*known, *_unresolved(before, after, new))


def _by_dataset(old: ReadPlan | None, new: ReadPlan, *, is_scope_new: bool) -> Iterator[ReadAgain]:
    held = {dataset.name: dataset for dataset in old.datasets} if old else {}
    for dataset in new.datasets:
        columns = tuple(column.name for column in dataset.columns)
        was = held.get(dataset.name)
        if was is None or (dataset.is_base and is_scope_new) or was.is_base != dataset.is_base:
            yield ReadAgain(dataset.object, columns, whole=True)
            continue
        known = {column.name for column in was.columns}
        if added := tuple(name for name in columns if name not in known):
            yield ReadAgain(dataset.object, added, whole=False)


def _unresolved(
    before: TenantSettings | None, after: TenantSettings, new: ReadPlan
) -> Iterator[ReadAgain]:
    """New paths through objects that were not described yet, as written."""
    known = {mapping.from_ for mapping in before.mapping} if before else set()
    faulty = {fault.path for fault in new.faults}
    found: dict[str, dict[str, None]] = {}
    for mapping in after.mapping:
        path = mapping.from_
        if path not in known and path not in new.leaves and path not in faulty:
            *relationships, name = path.split(".")
            place = ".".join((after.source.object, *relationships))
            found.setdefault(place, {})[name] = None
    for place, names in found.items():
        yield ReadAgain(place, tuple(names), whole=False)


def _mapping_touches(before: FieldMapping | None, after: FieldMapping) -> Touched:
    """For a new type all rows are converted again, frozen ones too."""
    if before is not None and before.type != after.type:
        return Touched.ALL
    if before is None or (before.from_, before.when_blank) != (after.from_, after.when_blank):
        return Touched.LINKED
    return Touched.NONE


def _scope(settings: TenantSettings) -> tuple[str, Json]:
    """What decides which records are read: the base object and the conditions, sorted."""
    source = canonical(settings)["source"]
    return settings.source.object, source["conditions"] if isinstance(source, dict) else None


def _joins(settings: TenantSettings) -> Mapping[str, tuple[str, str, str]]:
    """How each one-to-one object on a mapped path is joined."""
    walked = {part.lower() for m in settings.mapping for part in m.from_.split(".")[:-1]}
    return {
        extra.as_.lower(): (extra.object, extra.lookup, extra.of)
        for extra in settings.source.one_to_one
        if extra.as_.lower() in walked
    }
