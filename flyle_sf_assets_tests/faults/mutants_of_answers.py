# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs planted into what is made of Salesforce's answers; ``mutants.py`` runs them.

What does not belong here: bugs in what is read and kept (``mutants.py``).
"""

from typing import Any

from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("of a Bulk job that broke only the last row of each file is read over REST")
def crashed_job_cut_off() -> None:
    reader = product_module("salesforce.query").Reader
    result = product_module("salesforce.rest_pages").RestResult
    whole, right = reader._rest_files, result.drain

    def wrong(self: Any, *, is_last: bool) -> Any:
        return right(self, is_last=is_last)[-1:]

    def cut(self: Any, statement: Any, folder: Any) -> Any:
        result.drain = wrong
        try:
            return whole(self, statement, folder)
        finally:
            result.drain = right

    reader._rest_files = cut


@mutant("a login that is already being processed counts as a consent that was revoked")
def busy_login_as_revoked() -> None:
    rules = product_module("salesforce.errors.rules")
    rules.BY_OAUTH_DESCRIPTION = ()
    rules.BY_OAUTH_ERROR_AND_FLOW = {}


@mutant("that a login is already being processed is told by its English words alone")
def busy_login_in_english_only() -> None:
    product_module("salesforce.errors.rules").BY_OAUTH_ERROR_AND_FLOW = {}


@mutant("a slow transaction security policy counts as a missing right")
def slow_policy_as_missing_right() -> None:
    rules = product_module("salesforce.errors.rules")
    rules.BY_ERROR_CODE["TXN_SECURITY_METERING_ERROR"] = rules.RIGHT
