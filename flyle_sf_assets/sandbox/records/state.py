"""The parts of an org: its lock, its time, its catalog and tables, and snapshots of them.

What does not belong here: changing records (``writes.py``, ``lifecycle.py``),
changing the schema (``sandbox/schema_edits.py``), and who may log in (``sandbox/access.py``).
"""

import heapq
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from flyle_sf_assets.sandbox.clock import Clock, SystemClock, wire_datetime
from flyle_sf_assets.sandbox.metadata import Catalog, Field, SObject, Visibility
from flyle_sf_assets.sandbox.records.identifiers import canonical, record_id
from flyle_sf_assets.sandbox.records.table import Table, TableView
from flyle_sf_assets.sandbox.refusals import Refusal

RollUps = dict[tuple[str, str], tuple[Field, int, dict[str, str]]]
"""Roll-up values by (object, field): for which field, at which version of the children."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An org at one moment: what a query, a locator or a job reads.

    ``today`` is the date in the time zone of the connected user.
    """

    catalog: Catalog
    visibility: Visibility
    tables: dict[str, TableView]
    now: datetime
    time_zone: ZoneInfo
    roll_ups: RollUps = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Today's date in the connected user's time zone."""
        return self.now.astimezone(self.time_zone).date()

    def table(self, sobject: SObject) -> TableView:
        """The records of an object."""
        return self.tables[sobject.name.lower()]


@dataclass(frozen=True, order=True, slots=True)
class _Pending:
    """A future commit, and the records that it locks until then."""

    visible_at: datetime
    order: int
    records: frozenset[str] = field(compare=False)
    change: Callable[[], object] = field(compare=False)


def column_names(sobject: SObject) -> list[str]:
    """The columns that a table of this object has."""
    return [f.name for f in sobject.fields if f.stored]


class OrgState:
    """The state that all of an org's behaviour uses. Every public method takes the lock."""

    def __init__(
        self, name: str, *, org_number: int, catalog: Catalog, clock: Clock | None, time_zone: str
    ) -> None:
        self.name = name
        self.org_number = org_number
        self.org_id = record_id("00D", org_number, 0)
        self.catalog = catalog
        self.visibility = Visibility()
        self.time_zone = ZoneInfo(time_zone)
        self.lock = threading.RLock()
        self._clock: Clock = clock or SystemClock()
        self._skew = timedelta(0)
        self._tables = {
            key: Table(column_names(sobject)) for key, sobject in catalog.objects.items()
        }
        self._serials: dict[str, int] = {}
        self._roll_ups: RollUps = {}
        self._pending: list[_Pending] = []
        self._pending_order = count()
        start = self.now().replace(microsecond=0)
        self.schema_changed_at: dict[str, datetime] = dict.fromkeys(catalog.objects, start)

    # Time -------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The org's own time, UTC-aware: what its stamps and its ``Date`` header show."""
        return self._clock.now().astimezone(UTC) + self._skew

    def set_clock_skew(self, seconds: float) -> None:
        """Let the org's clock run ahead of (or, negative, behind) the injected clock."""
        self._skew = timedelta(seconds=seconds)

    def stamp(self) -> str:
        """The org's time as a stamp: whole seconds, so that ties are common."""
        return wire_datetime(self.now())

    # Reading ----------------------------------------------------------------------------------

    def snapshot(self, stamps_of: str | None = None, values_of: Iterable[str] = ()) -> Snapshot:
        """The org's current state; commits that are due become visible first.

        ``stamps_of`` names an object whose stamp index is needed, ``values_of`` columns
        (``object.column``) to be found by value.
        """
        with self.lock:
            self._commit_due()
            if stamps_of is not None:
                self._tables[stamps_of.lower()].prepare_indexes(stamps=True, values=())
            for name in values_of:
                owner, column = name.split(".")
                self._tables[owner.lower()].prepare_indexes(stamps=False, values=(column,))
            views = {name: table.view() for name, table in self._tables.items()}
            return Snapshot(
                self.catalog, self.visibility, views, self.now(), self.time_zone, self._roll_ups
            )

    # For the other parts of the org -----------------------------------------------------------

    def _object(self, name: str) -> SObject:
        sobject = self.catalog.get(name)
        if sobject is None:
            raise Refusal("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return sobject

    def _field(self, sobject: SObject, name: str) -> Field:
        found = sobject.by_name.get(name.lower())
        if found is None:
            raise Refusal(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}"
            )
        return found

    def _table(self, sobject: SObject) -> Table:
        return self._tables[sobject.name.lower()]

    def _row(self, sobject: SObject, record: str) -> int:
        table = self._table(sobject)
        row = table.rows_by_id.get(canonical(record) or record)
        if row is None or row in table.gone:
            raise Refusal(
                "ENTITY_IS_DELETED" if row is not None else "NOT_FOUND",
                f"no record {record}",
                status=404,
            )
        return row

    def _next_id(self, sobject: SObject) -> str:
        serial = self._serials.get(sobject.key_prefix, 0) + 1
        self._serials[sobject.key_prefix] = serial
        return record_id(sobject.key_prefix, self.org_number, serial)

    def _commit(self, records: Iterable[str], change: Callable[[], object], late_s: float) -> None:
        """Make a change visible now, or ``late_s`` seconds from now (a long transaction)."""
        if late_s <= 0:
            self._commit_due()
            change()
            return
        visible_at = self.now() + timedelta(seconds=late_s)
        entry = _Pending(visible_at, next(self._pending_order), frozenset(records), change)
        heapq.heappush(self._pending, entry)

    def _commit_due(self) -> None:
        now = self.now()
        while self._pending and self._pending[0].visible_at <= now:
            heapq.heappop(self._pending).change()

    def _commit_before(self, records: Iterable[str]) -> None:
        """Commits long transactions on these records: another change of them waits for that."""
        wanted = frozenset(records)
        waited_for = sorted(entry for entry in self._pending if entry.records & wanted)
        if waited_for:
            self._pending = [entry for entry in self._pending if entry not in waited_for]
            heapq.heapify(self._pending)
        for entry in waited_for:
            entry.change()
        self._commit_due()

    def _commit_all(self) -> None:
        while self._pending:
            heapq.heappop(self._pending).change()
