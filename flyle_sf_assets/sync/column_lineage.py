"""Which column of which asset each column comes from, as the plan and the mappings say.

A company's column comes from a column of ``flyle/enriched_records``, and that one from a column
of a ``salesforce/…`` asset. What does not belong here: words for people
(``companies/field_map.py``).
"""

from collections.abc import Mapping, Sequence

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.rows import (
    EXTERNAL_ID,
    MERGED_INTO,
    NAME,
    SOURCE_MODIFIED_AT,
    STATUS,
    STATUS_REASON,
    field_column,
)
from flyle_sf_assets.raw.plan import NAME_FIELD, Dataset, ReadPlan
from flyle_sf_assets.raw.records import BESIDE_FIELDS
from flyle_sf_assets.sync.state.asset_names import ENRICHED
from flyle_sf_assets.sync.step_report import ColumnNote, ColumnOrigin

_ENRICHED = f"flyle/{ENRICHED}"

_OF_COMPANIES = {
    EXTERNAL_ID: "Id",
    NAME: NAME_FIELD,
    STATUS: "_status",
    STATUS_REASON: "_status_reason",
    MERGED_INTO: "_merged_into",
    SOURCE_MODIFIED_AT: "SystemModstamp",
}

_WORDS = {
    "Id": ("id", "the record"),
    "SystemModstamp": ("datetime", "last changed in Salesforce"),
    "_status": ("string", "linked, or how it ended"),
    "_status_reason": ("string", "why it is not linked"),
    "_merged_into": ("string", "id of the record it was merged into"),
    NAME_FIELD: ("string", "name of the base record"),
}

_OF_BASE = ("Id", NAME_FIELD, "SystemModstamp", "_status", "_status_reason", "_merged_into")


def beside_notes(names: Sequence[str]) -> tuple[ColumnNote, ...]:
    """Notes of the columns that exist whatever is mapped."""
    return tuple(ColumnNote(name, *_WORDS[name]) for name in names)


def raw_notes(plan: ReadPlan, datasets: Sequence[Dataset]) -> tuple[ColumnNote, ...]:
    """The columns of a raw asset: of each of its datasets, named with the object if several."""
    return tuple(
        ColumnNote(raw_column(plan, dataset, note.name), note.type, note.description)
        for dataset in datasets
        for note in (
            *beside_notes(tuple(BESIDE_FIELDS)),
            *(ColumnNote(c.name, c.type, c.label) for c in dataset.columns),
        )
    )


def raw_column(plan: ReadPlan, dataset: Dataset, name: str) -> str:
    """What the page of a raw asset calls that column."""
    is_alone = len(plan.of_asset(dataset.asset)) == 1
    return name if is_alone else f"{dataset.object}.{name}"


def enriched_notes(plan: ReadPlan) -> tuple[ColumnNote, ...]:
    """The columns of the enriched records, without those that only describe parents."""
    mapped = [
        ColumnNote(path, leaf.field.type, f"{leaf.field.label} ({leaf.node.object})")
        for path, leaf in plan.leaves.items()
    ]
    beside = [note for note in beside_notes(_OF_BASE) if note.name not in plan.leaves]
    return (*beside, *mapped)


def enriched_origins(plan: ReadPlan) -> Mapping[str, tuple[ColumnOrigin, ...]]:
    """Of each enriched column: the one that its values are read from."""
    base = plan.dataset(plan.nodes[0].dataset)
    of_base = {name: _raw(plan, base, name) for name in _OF_BASE if name != "_status_reason"}
    mapped = {
        path: tuple(
            origin
            for target in leaf.sources
            for origin in _raw(
                plan,
                plan.dataset(target.node.dataset),
                target.field.name if target.field else "Id",
            )
        )
        for path, leaf in plan.leaves.items()
    }
    return {**of_base, "_status_reason": of_base["_status"], **mapped}


def company_origins(fields: Sequence[CompanyField]) -> Mapping[str, tuple[ColumnOrigin, ...]]:
    """Of each column of the companies that is written now: its enriched column."""
    fixed = {name: (ColumnOrigin(_ENRICHED, column),) for name, column in _OF_COMPANIES.items()}
    mapped = {
        field_column(field.key): (ColumnOrigin(_ENRICHED, field.source_path),)
        for field in fields
        if field.readable
    }
    return {**fixed, **mapped}


def _raw(plan: ReadPlan, dataset: Dataset, name: str) -> tuple[ColumnOrigin, ...]:
    return (ColumnOrigin(f"salesforce/{dataset.asset}", raw_column(plan, dataset, name)),)
