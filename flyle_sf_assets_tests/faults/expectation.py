"""The oracle of whole syncs, widened to what faults and the connected user's rights add.

What is hidden, frozen, unlinked or rejected, and conditions that move with the day. Like the
oracle it reads only the org and the settings. What does not belong here: comparing (``world.py``).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from flyle_sf_assets_tests.faults.seen_org import SeenOrg
from flyle_sf_assets_tests.faults.values import BAD_URLS
from flyle_sf_assets_tests.flows.oracle import REASONS, SEVERAL, Company, Json, Oracle, Record

Rejections = dict[tuple[str, str | None], str]


class Expectation(Oracle):
    """What one refresh must leave behind, given the rows that stood before it."""

    org: SeenOrg  # type: ignore[assignment]

    def __init__(self, org: SeenOrg, settings: str) -> None:
        super().__init__(org, settings)  # type: ignore[arg-type]
        self.rejected: Rejections = {}
        self._current = ""

    def rows(self, before: Mapping[str, tuple[str, Company]]) -> dict[str, Company]:
        """Every company row by id; ``before`` has each row with its base object."""
        self.rejected = {}
        every = {str(r["Id"]): r for r in self.org.records(self.base, include_deleted=True)}
        found = {
            key: _gone(row, every.get(key)) if base == self.base else _of_other_base(row)
            for key, (base, row) in before.items()
        }
        for key, record in every.items():
            if not record["IsDeleted"] and self._in_scope(record):
                last = before[key][1].custom_fields if key in before else {}
                self._current = key
                fields = self._custom_fields(record, last)
                found[key] = Company(str(record["Name"]), "linked", None, None, fields)
        return found

    def _custom_fields(self, record: Record, last: Json) -> Json:
        fields = dict(last)
        for mapping in self.mapping:
            key, path = mapping["to"], mapping["from"]
            value = self.value(record, path)
            if value is SEVERAL:
                self.rejected[self._current, key] = "several_records"
                continue
            flyle_type = self.type_of(mapping)
            shown = self._json(value, self._field_at(path), flyle_type)
            if shown is None and mapping.get("when_blank") == "keep":
                continue
            if flyle_type == "url" and shown in BAD_URLS:
                self.rejected[self._current, key] = "url"
                continue
            fields[key] = shown
        return fields

    def _rolled_up(self, record: Record, field: object) -> object:
        """The org rolls up what there is, also what the connected user does not see."""
        kept, self._records = self._records, {}
        try:
            child = field.roll_up.child  # type: ignore[attr-defined]
            every = self.org.records(child, shared_only=False)
            self._records[child] = {one["Id"]: one for one in every}
            return super()._rolled_up(record, field)  # type: ignore[arg-type]
        finally:
            self._records = kept

    def _holds(self, condition: Mapping[str, object], record: Record) -> bool:
        wanted = condition.get("value")
        if not isinstance(wanted, dict):
            return super()._holds(condition, record)
        value = self.value(record, str(condition["field"]))
        if value is None or value is SEVERAL:
            return False
        day = value.date() if isinstance(value, datetime) else value
        assert isinstance(day, date)
        name, _, number = str(wanted["date"]).partition(":")
        assert (name, condition["op"]) == ("LAST_N_DAYS", "ge")
        return day >= self.org.today - timedelta(days=int(number))


def _gone(row: Company, record: Record | None) -> Company:
    """A row whose record does not match (any more): its values stay, its status says why."""
    if record is None:
        if row.status in ("deleted", "merged"):
            return row
        status, winner = "missing", None
    elif record["IsDeleted"]:
        winner = record.get("MasterRecordId")
        status = "merged" if winner else "deleted"
    else:
        status, winner = "out_of_scope", None
    return replace(
        row,
        status=status,
        status_reason=REASONS[status],
        merged_into=str(winner) if winner else None,
    )


def _of_other_base(row: Company) -> Company:
    if row.status != "linked":
        return row
    return replace(row, status="unlinked", status_reason="base_object_changed", merged_into=None)
