"""Which settings each asset reads, so that a change makes only the affected assets stale.

Known from the field paths only, so that a version can be registered before any request.

- A raw part (``accounts``, ``opportunities``, ``related_records``) has what that asset reads
from Salesforce: the base object, and for each node of the lookup tree that it owns the
fields read there, its lookups and, for a one-to-one object, how it is joined. The part that
owns the base also has the conditions, which are in the same queries.
- ``companies`` has what turns records into company rows: the base object, the one-to-one
objects, every mapping with label and type, and the time zone.
"""

from collections.abc import Mapping

from flyle_sf_assets.raw.ownership import RAW_ASSETS, owner_of
from flyle_sf_assets.raw.plan import condition_fields
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Json, canonical, digest_of

UNUSED = digest_of(None)
"""The digest of a part that the settings do not use."""

PARTS: tuple[str, ...] = (*RAW_ASSETS, "companies")
"""The parts in the order in which one refresh reads them."""

ENRICHED, OPTIONS, COMPANIES = "flyle/enriched_records", "flyle/picklist_options", "flyle/companies"


def part_digests(settings: TenantSettings) -> dict[str, str]:
    """The digest of each part's settings, by part.

    An asset that these settings do not use has the digest of an empty part, which no other
    change affects.
    """
    return {part: digest_of(content) for part, content in part_contents(settings).items()}


def part_contents(settings: TenantSettings) -> dict[str, Json]:
    """The content of each part's digest, as JSON values."""
    whole = canonical(settings)
    source = whole["source"]
    conditions = source["conditions"] if isinstance(source, dict) else []
    base = settings.source.object
    contents: dict[str, Json] = {}
    for asset in RAW_ASSETS:
        nodes = {
            path: node for path, node in _nodes(settings).items() if owner_of(base, path) == asset
        }
        part: dict[str, Json] = {
            ".".join(path): {kind: list[Json](sorted(names)) for kind, names in node.items()}
            for path, node in nodes.items()
        }
        contents[asset] = {"object": base, "nodes": part} if nodes else None
        if () in nodes:
            contents[asset] = {"object": base, "nodes": part, "conditions": conditions}
    contents["companies"] = {
        "object": base,
        "one_to_one": source["one_to_one"] if isinstance(source, dict) else [],
        "mapping": whole["mapping"],
        "time_zone": whole["time_zone"],
    }
    return contents


def affected_assets(before: TenantSettings | None, after: TenantSettings) -> tuple[str, ...]:
    """The keys of the assets that must be materialized again after the change, in order.

    Exactly what Dagster reports as stale, and everything downstream: the raw assets whose part
    changed with all assets made from them, else options and companies when their part did.
    """
    old = part_digests(before) if before else dict.fromkeys(PARTS, UNUSED)
    new = part_digests(after)
    raw = [f"salesforce/{asset}" for asset in RAW_ASSETS if old[asset] != new[asset]]
    if raw:
        return (*raw, ENRICHED, OPTIONS, COMPANIES)
    return (OPTIONS, COMPANIES) if old["companies"] != new["companies"] else ()


def reaches_new_places(before: TenantSettings, after: TenantSettings) -> bool:
    """Whether ``after`` reaches nodes of the lookup tree that ``before`` did not.

    Some of their objects may never have been described.
    """
    return not _places(after) <= _places(before)


def _places(settings: TenantSettings) -> set[tuple[str, ...]]:
    """The base object with every relationship walked from it, conditions included."""
    paths = (*(m.from_ for m in settings.mapping), *condition_fields(settings))
    base = settings.source.object
    joins = {(e.object, e.lookup, e.of, e.as_) for e in settings.source.one_to_one}
    return {(base, *path.split(".")[:-1]) for path in paths} | joins


def _nodes(settings: TenantSettings) -> Mapping[tuple[str, ...], dict[str, set[str]]]:
    """What is read at each node of the lookup tree: ``fields``, ``lookups``, ``joined_by``.

    A one-to-one object needs no field of the record that it belongs to: it names that record.
    """
    declared = {
        extra.as_.lower(): f"{extra.object}.{extra.lookup} -> {extra.of}"
        for extra in settings.source.one_to_one
    }
    nodes: dict[tuple[str, ...], dict[str, set[str]]] = {
        (): {"fields": set(), "lookups": set(), "joined_by": set()}
    }
    for mapping in settings.mapping:
        *relationships, name = mapping.from_.split(".")
        here: tuple[str, ...] = ()
        for relationship in relationships:
            there = (*here, relationship)
            nodes.setdefault(there, {"fields": set(), "lookups": set(), "joined_by": set()})
            if relationship.lower() in declared:
                nodes[there]["joined_by"].add(declared[relationship.lower()])
            else:
                nodes[here]["lookups"].add(relationship)
            here = there
        nodes[here]["fields"].add(name)
    return nodes
