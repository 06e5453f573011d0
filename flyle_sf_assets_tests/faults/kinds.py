"""Every kind of change and fault that the model test must have exercised, and the count of each.

What does not belong here: the rules that exercise them (``rules_*.py``).
"""

import json
from collections import Counter
from pathlib import Path

KINDS: frozenset[str] = frozenset(
    {
        "insert",
        "update",
        "delete",
        "refresh",
    }
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
    file.write_text(json.dumps(counts), encoding="utf-8")


def read_all(folder: Path, pattern: str) -> tuple[int, Counter[str]]:
    """How many parts left counts, and their sum."""
    total: Counter[str] = Counter()
    files = list(folder.glob(pattern))
    for file in files:
        total += Counter(json.loads(file.read_text(encoding="utf-8")))
    return len(files), total
