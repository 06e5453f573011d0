"""What must be said of one record, worked out from the org, and compared with what is said.

The verdict, each condition and each value come from the org's own records, by the oracle; the
values of the company are read without the product. What does not belong here: which records are
asked about (``rules_explain.py``).
"""

from collections.abc import Mapping
from decimal import Decimal

from flyle_sf_assets.errors import FieldRefused, ObjectRefused
from flyle_sf_assets.explain.explain import explain
from flyle_sf_assets.explain.explanation import Explanation, FieldAnswer
from flyle_sf_assets_tests.faults.budgeted_world import Budgeted
from flyle_sf_assets_tests.faults.expectation import UNKNOWN, Expectation
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.seen_org import SeenOrg
from flyle_sf_assets_tests.faults.store_reading import Row

Record = Mapping[str, object]

VERDICTS = {"deleted": "ended", "merged": "ended"}
"""Those that are counted as one kind: few runs have each of them."""


class Judge(Expectation):
    """The oracle of one moment, for records of which it is asked why."""

    def verdict(self, key: str, row: Row | None) -> str:
        """The verdict of a record by its id of 18 characters; ``row`` is its company."""
        if key[:3] != self.org.catalog.objects[self.base.lower()].key_prefix:
            return "other_object"
        record = self.record(key)
        if record is None:
            return "not_visible"
        if record["IsDeleted"]:
            return "merged" if record.get("MasterRecordId") else "deleted"
        if not self._in_scope(record):
            return "conditions_not_met"
        is_linked = row is not None and row.company.status == "linked"
        return "linked" if is_linked else "not_yet_synced"

    def record(self, key: str) -> Record | None:
        """The record of the base object as the connected user sees it, deleted ones too."""
        every = self.org.records(self.base, include_deleted=True)
        return next((one for one in every if one["Id"] == key), None)

    def conditions_met(self, record: Record) -> list[bool]:
        """Each condition of the settings."""
        return [self._holds(one, record) for one in self._conditions]

    def values(self, key: str, record: Record) -> dict[str, object]:
        """The values that a company would get now, by key; without those that are rejected."""
        self._current = key
        return self._custom_fields(dict(record), {})


def judge_explanation(world: Budgeted, key: str, reference: str) -> Explanation | None:
    """Asks about a record, and holds what is said against the org; None if the org refused.

    The org may refuse a field that it took away since it was last described.
    """
    tenant, may_be_old = world.tenant, "describe" in world.owed
    before = world.reading.rows(tenant.name)
    world.note(is_certain=True)
    calls = tenant.there.usage.total
    try:
        clock = tenant.clock.now
        found = explain(tenant.installation, tenant.name, reference, clock=clock)
    except (FieldRefused, ObjectRefused):
        assert may_be_old, "refused although nothing was taken away"
        return None
    finally:
        made = tenant.there.usage.total - calls
        world.note(is_certain=False)
        assert world.reading.rows(tenant.name) == before, "explaining changed a company"
    assert found.api_calls == made
    judge = Judge(SeenOrg(tenant.there, world.hidden), tenant.settings, world.told)
    row = before.get(key)
    assert found.record_id == key
    expected = judge.verdict(key, row)
    assert found.verdict == expected, f"{key}: {found.verdict}, expected {expected}"
    assert found.reasons, "a verdict without a reason"
    assert (found.company and found.company.status) == (row and row.company.status)
    did(f"explained: {VERDICTS.get(expected, expected)}")
    record = judge.record(key)
    if record is not None and not record["IsDeleted"] and expected != "other_object":
        said = [one.holds for one in found.conditions]
        assert said == judge.conditions_met(record), f"conditions: {said}"
        if not may_be_old and not judge.unreadable:
            _judge_fields(world, judge, found, record, row)
    return found


def _judge_fields(
    world: Budgeted, judge: Judge, found: Explanation, record: Record, row: Row | None
) -> None:
    """Salesforce's value, ours, and why they differ, of every mapped field."""
    theirs = judge.values(found.record_id, record)
    held = {} if row is None else row.company.custom_fields
    assert [one.to for one in found.fields] == [one["to"] for one in judge.mapping]
    for one, mapping in zip(found.fields, judge.mapping, strict=True):
        value, ours = theirs.get(one.to), held.get(one.to)
        is_rejected = (found.record_id, one.to) in judge.rejected
        assert is_rejected == (one.rejected is not None), f"{one}: rejected {is_rejected}"
        if value is UNKNOWN or _are_of_two_types(value, ours):
            continue
        why = _why(world, found.record_id, mapping, value, row, is_rejected=is_rejected)
        if why is None:
            continue
        assert one.why == why, f"{one}: expected {why}, of {value!r} and {ours!r}"
        _judge_text(one, one.flyle, ours, mapping["type"])
        if not is_rejected:
            _judge_text(one, one.salesforce, value, mapping["type"])
        if why != "same" and row is not None:
            did("explained: a difference")


def _why(
    world: Budgeted,
    key: str,
    mapping: Mapping[str, str],
    value: object,
    row: Row | None,
    *,
    is_rejected: bool,
) -> str | None:
    """Why Salesforce's value and ours differ; None when nobody can know."""
    if row is None:
        return "no_company"
    if is_rejected:
        return "rejected"
    if value == row.company.custom_fields.get(mapping["to"]):
        return "same"
    is_kept = world.keeps(key, mapping["to"], row.company, value)
    if is_kept is None:
        return None
    if is_kept:
        did("explained: rolled back")
        return "rolled_back"
    return _why_not_kept(world, mapping, value, row)


def _why_not_kept(world: Budgeted, mapping: Mapping[str, str], value: object, row: Row) -> str:
    if row.company.status != "linked":
        return "frozen"
    if value is None and mapping.get("when_blank") == "keep":
        return "kept_when_blank"
    is_held = "mass_change_held" in world.reading.attention(world.tenant.name)
    return "held" if is_held else "not_refreshed_yet"


def _judge_text(one: FieldAnswer, text: str, value: object, flyle_type: str) -> None:
    """The text that people read; options are shown by label, which other tests judge."""
    is_option = flyle_type.endswith("_select") and value is not None
    assert text if is_option else _is_text_of(text, value), f"{one}: {value!r}"


def _is_text_of(text: str, value: object) -> bool:
    if value is None:
        return text == ""
    if isinstance(value, Decimal):
        return Decimal(text) == value
    if isinstance(value, bool):
        return text == str(value).lower()
    return text == str(value)


def _are_of_two_types(value: object, ours: object) -> bool:
    """A number and its text are shown alike, after a mapping got another type."""
    return value is not None and ours is not None and type(value) is not type(ours)
