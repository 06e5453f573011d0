# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs in the API budget, and in what is said of one record.

What does not belong here: how they are planted (``planting.py``).
"""

from dataclasses import replace
from typing import Any

from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("what an org's other integrations use is not looked at")
def others_may_run_dry() -> None:
    budget = product_module("tenants.api_budget")
    budget.Budget.is_org_nearly_full = property(lambda _self: False)


@mutant("a sync is not postponed because of what it and the day's syncs call")
def share_not_kept() -> None:
    budget = product_module("tenants.api_budget")
    budget.Budget.is_share_spent = property(lambda _self: False)


@mutant("an old figure of the org postpones syncs, and is not asked for again")
def old_figure_believed() -> None:
    budget = product_module("tenants.api_budget")
    budget.Budget.is_reading_old = lambda _self, _now: False


@mutant("every condition of a record is said to hold")
def conditions_said_to_hold() -> None:
    record = product_module("explain.record_in_org").RecordInOrg
    right = record.conditions

    def wrong(self: Any) -> Any:
        return tuple(replace(one, holds=True) for one in right(self))

    record.conditions = wrong


@mutant("a value that changed since the last sync is said to be the same")
def differences_not_said() -> None:
    explain = product_module("explain.explain")
    right = explain._why

    def wrong(*args: Any) -> str:
        why: str = right(*args)
        return "same" if why == "not_refreshed_yet" else why

    explain._why = wrong
