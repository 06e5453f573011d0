"""Every kind of change and fault that the model test must have exercised, and the count of each.

What does not belong here: the rules that exercise them (``rules_*.py``).
"""

import json
from collections import Counter
from pathlib import Path

RECORDS = (
    "insert",
    "update Account",
    "update Opportunity",
    "update Contract_Info__c",
    "update User",
    "update Group",
    "update Supplier__x",
    "owner becomes a user",
    "owner becomes a group",
    "supplier change",
    "scope moved by an owner",
    "ties beyond a page",
    "stamped without a change",
    "controlling field alone",
    "parent move",
    "owner change",
    "new parent",
    "one-to-one create",
    "one-to-one duplicate",
    "one-to-one move",
    "one-to-one delete",
    "late commit within the overlap",
    "late commit beyond the overlap",
    "formula or roll-up drift",
    "activity",
    "change without a stamp",
)
LIFECYCLE = (
    "delete",
    "delete a parent or child",
    "undelete",
    "merge",
    "merge parents",
    "hard delete",
    "purge a group",
    "empty recycle bin",
    "hide record",
    "show record",
)
OPTIONS = (
    "add option",
    "relabel option",
    "deactivate option",
    "reactivate option",
    "remove option",
    "remove option with a replacement",
    "bring back option",
)
REFRESHES = ("refresh", "sweep", "census", "full", "relative date", "idle", "not idle")
GUARD = ("companies held", "values held", "not held: settings", "within low limits")
EXPLAINED = (
    "explained: linked",
    "explained: not_yet_synced",
    "explained: conditions_not_met",
    "explained: ended",
    "explained: not_visible",
    "explained: other_object",
    "explained: a difference",
    "explained: rolled back",
)
ROLLBACKS = (
    "rolled back: values",
    "rolled back: status",
    "rollback of a rollback",
    "rollback killed",
    "left alone: changed_later",
    "left alone: created",
    "rolled-back value kept by a refresh",
    "rolled-back value kept by a sweep",
    "rolled-back value kept by a census",
    "rolled-back value kept by a full",
    "rolled-back value followed again",
    "resumed",
    "disconnect and connect",
)
BUDGET = ("org used by others", "postponed: the org", "postponed: our share")

FAULTS = (
    "passing status",
    "passing reset",
    "passing truncated",
    "passing truncated_silently",
    "passing session_expired",
    "lasting status",
    "lasting limit_exceeded",
    "lasting reset",
    "lasting truncated_silently",
    "bulk read",
    "bulk job_failed",
    "bulk job_aborted",
    "bulk wrong_row_count",
    "recorded login_in_progress",
    "recorded transaction_security",
    "recorded password_expired",
    "recorded url_not_reset",
    "recorded query_not_supported",
    "recorded too_many_ids",
    "recorded job_crashed",
    "lost locator",
    "bulk truncated_silently",
    "kill between steps",
    "kill, then more changes",
    "kill at a commit",
    "damaged record file",
)

SETTINGS = (
    "settings that do not fit",
    "mapping removed",
    "mapping added",
    "mapping retyped",
    "mapping relabelled",
    "when_blank",
    "conditions",
    "time zone",
    "base object",
    "base object back",
)
SCHEMA = (
    "hide field",
    "remove field",
    "change field type",
    "hide object",
    "hidden comes back",
    "removed comes back",
    "retyped comes back",
    "object comes back",
)

KINDS: frozenset[str] = frozenset(
    (
        *RECORDS,
        *LIFECYCLE,
        *OPTIONS,
        *REFRESHES,
        *GUARD,
        *BUDGET,
        *ROLLBACKS,
        *EXPLAINED,
        *FAULTS,
        *SETTINGS,
        *SCHEMA,
    )
)

exercised: Counter[str] = Counter()
"""What this process has exercised so far."""


def did(kind: str) -> None:
    """Counts one occurrence; the kind must be one that is asked for."""
    assert kind in KINDS, f"{kind} is not listed in KINDS"
    exercised[kind] += 1


def missing(counts: Counter[str]) -> list[str]:
    """The kinds that never occurred."""
    return sorted(KINDS - counts.keys())


def write(file: Path, counts: Counter[str]) -> None:
    """Leaves the counts where the last part of the test finds them."""
    unfinished = file.with_suffix(".writing")
    unfinished.write_text(json.dumps(counts), encoding="utf-8")
    unfinished.rename(file)


def read_all(folder: Path) -> tuple[int, Counter[str]]:
    """How many parts left counts, and their sum."""
    total: Counter[str] = Counter()
    files = list(folder.glob("*.json"))
    for file in files:
        total += Counter(json.loads(file.read_text(encoding="utf-8")))
    return len(files), total
