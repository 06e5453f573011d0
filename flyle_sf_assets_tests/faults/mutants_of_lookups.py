# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs planted into owners that may be groups, and objects without a stamp (see ``mutants.py``).

What does not belong here: bugs in what is read and kept of every record (``mutants.py``).
"""

from dataclasses import replace
from typing import Any

import polars as pl

from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("of an owner that may be a user or a group only the user is asked for")
def owner_groups_not_asked() -> None:
    references = product_module("raw.references")
    right = references._looked_up

    def wrong(referring: Any, node: Any) -> Any:
        ids = right(referring, node)
        return ids.filter(pl.lit(value=False)) if node.object == "Group" else ids

    references._looked_up = wrong


@mutant("an owner that is a user does not say that it is one")
def owner_kind_unsaid() -> None:
    product_module("salesforce.schema.name_object").literal = lambda _field, _target: None


@mutant("a condition on an owner's name does not make the sweep read the scope again")
def owner_condition_not_swept() -> None:
    sweep = product_module("raw.sweep")
    records = product_module("sync.steps.raw_records")
    right = sweep.needs_rescope

    def wrong(plan: Any, settings: Any) -> Any:
        leaves = {p: replace(one, followed="stamp") for p, one in plan.condition_leaves.items()}
        return right(replace(plan, condition_leaves=leaves), settings)

    sweep.needs_rescope = records.needs_rescope = wrong


@mutant("records of an object without a stamp are read once and never again")
def stampless_never_read_again() -> None:
    records = product_module("sync.steps.raw_records")
    right = records._compared

    def wrong(*args: Any) -> Any:
        return right(*args) if args[-1].followed == "stamp" else None

    records._compared = wrong
