"""Which partitions are added and removed: a pure decision."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartitionChanges:
    """``deferred`` are to be removed as soon as no run of theirs is in flight."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    deferred: tuple[str, ...]


def partition_changes(
    listed: AbstractSet[str],
    gone: AbstractSet[str],
    existing: AbstractSet[str],
    in_flight: AbstractSet[str],
) -> PartitionChanges:
    """``listed`` tenants have settings, ``gone`` ones had some; other partitions do not change.

    Deleting a partition does not stop its run, which would then write under a key that does not
    exist: such a tenant waits.
    """
    return PartitionChanges(
        add=tuple(sorted(listed - existing)),
        remove=tuple(sorted((gone & existing) - in_flight)),
        deferred=tuple(sorted(gone & existing & in_flight)),
    )
