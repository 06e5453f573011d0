# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs planted into what is made of Salesforce's answers; ``mutants.py`` runs them.

What does not belong here: bugs in what is read and kept (``mutants.py``).
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

PLANTS: dict[str, tuple[str, Callable[[], None]]] = {}


def _mutant(what: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def kept(plant: Callable[[], None]) -> Callable[[], None]:
        PLANTS[plant.__name__] = (what, plant)
        return plant

    return kept


def _room(module: str) -> Any:
    """A module of the product, whose names are about to be replaced."""
    return import_module(f"flyle_sf_assets.{module}")


@_mutant("of a Bulk job that broke only the last row of each file is read over REST")
def crashed_job_cut_off() -> None:
    query = _room("salesforce.query")
    right = query._frame

    def wrong(statement: Any, records: Any, total: Any) -> Any:
        return right(statement, records, total)[-1:]

    reader = query.Reader
    whole = reader._rest_files

    def cut(self: Any, statement: Any, folder: Any) -> Any:
        query._frame = wrong
        try:
            return whole(self, statement, folder)
        finally:
            query._frame = right

    reader._rest_files = cut


@_mutant("a login that is already being processed counts as a consent that was revoked")
def busy_login_as_revoked() -> None:
    rules = _room("salesforce.fault_rules")
    rules.BY_OAUTH_DESCRIPTION = ()
    rules.BY_OAUTH_ERROR_AND_FLOW = {}


@_mutant("that a login is already being processed is told by its English words alone")
def busy_login_in_english_only() -> None:
    _room("salesforce.fault_rules").BY_OAUTH_ERROR_AND_FLOW = {}


@_mutant("a slow transaction security policy counts as a missing right")
def slow_policy_as_missing_right() -> None:
    rules = _room("salesforce.fault_rules")
    rules.BY_ERROR_CODE["TXN_SECURITY_METERING_ERROR"] = rules.RIGHT
