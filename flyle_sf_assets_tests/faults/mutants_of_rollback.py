# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs in rollbacks, and in what later syncs keep of them.

What does not belong here: how they are planted (``planting.py``).
"""

from typing import Any
from unittest import mock

from flyle_sf_assets.store.companies import upsert
from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("a census writes what was rolled back")
def census_overwrites_rollback() -> None:
    writer = product_module("sync.load.company_writer")
    right = writer.upsert_companies

    def wrong(*args: Any, compare_all: bool, **more: Any) -> Any:
        if not compare_all:
            return right(*args, compare_all=compare_all, **more)
        with mock.patch.object(upsert, "has_kept_values", return_value=False):
            return right(*args, compare_all=compare_all, **more)

    writer.upsert_companies = wrong


@mutant("a rollback overwrites what changed later")
def later_changes_rolled_back() -> None:
    statements = product_module("store.companies.rollback_statements")
    statements.FIND_ITEMS = statements.FIND_ITEMS.replace("THEN 'changed_later'", "THEN NULL")


@mutant("a value that was rolled back is kept although Salesforce has another one by now")
def rollback_kept_for_ever() -> None:
    kept = product_module("store.companies.rolled_back")
    kept._MATCH = kept._MATCH.replace(kept._IS_OVER, "false")
