"""Lists of tenants in one line: a few names, and how many more there are."""

from collections.abc import Sequence

NAMES_MAX = 20


def capped(names: Sequence[str], most: int = NAMES_MAX) -> str:
    """The first names, and the exact number of the others."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
