"""The org as the connected user sees it, read once: what the oracle works from.

Records that are not shared are not there; everything else is the sandbox's own Python values. What
does not belong here: what the product makes of them (``expectation.py``).
"""

from collections.abc import Collection

from flyle_sf_assets.sandbox.org import Org

Record = dict[str, object]


class SeenOrg:
    """A still picture of an org with the part of `Org` that the oracle asks."""

    def __init__(self, org: Org, hidden: Collection[str] = ()) -> None:
        self.catalog = org.catalog
        self.today = org.snapshot().today
        self.hidden_fields = org.visibility.hidden_fields
        self.hidden_objects = org.visibility.hidden_objects
        self.lists_inactive_options = org.lists_inactive_options
        self._org = org
        self._hidden = frozenset(hidden)
        self._records: dict[tuple[str, bool, bool], list[Record]] = {}

    def records(
        self, object_name: str, *, include_deleted: bool = False, shared_only: bool = True
    ) -> list[Record]:
        """All records that the user may see (or all that there are), in insertion order."""
        key = (object_name, include_deleted, shared_only)
        if key not in self._records:
            self._records[key] = [
                dict(record)
                for record in self._org.records(object_name, include_deleted=include_deleted)
                if not (shared_only and record["Id"] in self._hidden)
            ]
        return self._records[key]
