"""The queries about one dataset, as SOQL made from describe's own names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from flyle_sf_assets.errors import ObjectRefused, Text
from flyle_sf_assets.raw.plan import Dataset, ReadPlan, Schemas
from flyle_sf_assets.salesforce import conditions, soql
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings

MERGE_FIELD = "MasterRecordId"
"""On objects whose records can be merged: the winner's Id on a loser."""

IDS_PER_QUESTION = 2_000
"""As many as fit on one REST page, so that one query has one answer."""


@dataclass(frozen=True, slots=True)
class Window:
    """A range of SystemModstamp: from ``since`` on, before ``until`` (both Salesforce's time)."""

    since: datetime
    until: datetime

    @staticmethod
    def after(watermark: datetime, until: datetime, overlap_s: int) -> "Window":
        """From the watermark minus the overlap, which covers rows that became visible late."""
        return Window(watermark - timedelta(seconds=overlap_s), until)


@dataclass(frozen=True, slots=True)
class Questions:
    """The queries about one dataset. Answers have ``Id``, ``SystemModstamp`` and the named columns.

    Answers of an object without SystemModstamp lack it. Answers about statuses also have
    ``IsDeleted`` and, when the object can be merged, ``MasterRecordId``; they must be queried with
    deleted rows included (queryAll).
    """

    dataset: Dataset
    schema: ObjectSchema
    scope: soql.Predicate | None
    parent_stamps: tuple[soql.FieldPath, ...] = ()
    """The stamps of parents that the conditions use: their change moves the scope."""

    @staticmethod
    def about(
        dataset: Dataset, plan: ReadPlan, schemas: Schemas, settings: TenantSettings
    ) -> "Questions":
        """The queries about one dataset of the plan.

        Raises ObjectRefused when the object has no schema any more, FieldRefused when the org
        does not show a field that a condition names.
        """
        schema = schemas.get(dataset.object)
        if schema is None:
            refused = ObjectRefused(
                "object_unknown",
                tried=Text(
                    f"{dataset.object} を読み込もうとしました", f"Tried to read {dataset.object}"
                ),
                came_back=Text(
                    "組織にそのオブジェクトがないか、連携ユーザーから見えません",
                    "The org does not know the object, or hides it from the connected user",
                ),
                remedy=Text(
                    "連携ユーザーのオブジェクト権限を確認してください",
                    "Check the connected user's permission on the object",
                ),
            )
            refused.object = dataset.object
            raise refused
        if not dataset.is_base:
            return Questions(dataset, schema, None)
        scope = conditions.where(settings.source, schemas, ZoneInfo(settings.time_zone))
        return Questions(dataset, schema, scope, _parent_stamps(plan, schema, schemas))

    @property
    def is_stamped(self) -> bool:
        """Whether a window of SystemModstamp can be queried."""
        return self.dataset.followed == "stamp"

    def count(self) -> soql.Statement:
        """How many records match."""
        return soql.count(self.schema, self.scope)

    def matching(
        self, window: Window | None = None, *, columns: Iterable[FieldSchema] | None = None
    ) -> soql.Statement:
        """Records that match the conditions, all or those stamped in the window.

        ``columns`` are what to read of them, all of the dataset's when not given.
        """
        where = soql.all_of([self.scope, self._stamped(window)])
        wanted = self.dataset.columns if columns is None else tuple(columns)
        return soql.select(self.schema, [*self._keys(), *wanted], where)

    def touched(
        self, window: Window, *, with_values: bool, limit: int | None = None
    ) -> soql.Statement:
        """The statuses of every record stamped in the window, whether it matches or not.

        A record also counts as stamped when a parent that the conditions use was stamped.
        """
        columns = [*self._keys(), *self._tombstone_fields()]
        columns += self.dataset.columns if with_values else ()
        where = self._stamped(window)
        return soql.select(self.schema, columns, where, limit=limit, include_deleted=True)

    def leaving(self, window: Window) -> soql.Statement:
        """The statuses of every record that may have left the scope within the window.

        Without conditions every record is in scope until it is deleted.
        """
        deleted = self.schema.field("IsDeleted")
        if self.scope is not None or deleted is None:
            return self.touched(window, with_values=False)
        where = soql.all_of([self._stamped(window), soql.is_deleted(deleted, deleted=True)])
        columns = [*self._keys(), *self._tombstone_fields()]
        return soql.select(self.schema, columns, where, include_deleted=True)

    def everything(self) -> soql.Statement:
        """All records of the object with their statuses and values."""
        columns = [*self._keys(), *self._tombstone_fields(), *self.dataset.columns]
        return soql.select(self.schema, columns, include_deleted=self._may_be_deleted())

    def by_id(
        self, ids: pl.Series | Iterable[str], columns: Iterable[FieldSchema]
    ) -> list[soql.Statement]:
        """The statuses of these records, deleted ones too, and these columns of them."""
        selected = [*self._keys(), *self._tombstone_fields(), *columns]
        given = pl.Series("Id", ids if isinstance(ids, pl.Series) else list(ids), pl.String)
        return [
            soql.select(self.schema, selected, predicate, include_deleted=self._may_be_deleted())
            for batch in given.unique().sort().to_frame().iter_slices(IDS_PER_QUESTION)
            for predicate in soql.id_in(self._field("Id"), batch["Id"])
        ]

    def some(self, limit: int) -> soql.Statement:
        """At most this many records that match the conditions, with all columns."""
        columns = [*self._keys(), *self.dataset.columns]
        return soql.select(self.schema, columns, self.scope, limit=limit)

    def belonging_to(self, lookup: str, owners: pl.Series | Iterable[str]) -> list[soql.Statement]:
        """The records of a one-to-one object whose ``lookup`` names one of these owners."""
        columns = [*self._keys(), *self.dataset.columns]
        return [
            soql.select(self.schema, columns, predicate)
            for predicate in soql.id_in(self._field(lookup), owners)
        ]

    def no_answer(self, columns: Iterable[FieldSchema]) -> pl.DataFrame:
        """The answer to `by_id` about no record at all: columns without rows."""
        names = [field.name for field in (*self._keys(), *self._tombstone_fields(), *columns)]
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))

    def _keys(self) -> list[FieldSchema]:
        stamp = self.schema.field("SystemModstamp")
        return [self._field("Id"), *([stamp] if stamp is not None else [])]

    def _tombstone_fields(self) -> list[FieldSchema]:
        """The columns that mark deleted and merged records; a few objects (User) have neither."""
        found = (self.schema.field(name) for name in ("IsDeleted", MERGE_FIELD))
        return [field for field in found if field is not None]

    def _may_be_deleted(self) -> bool:
        """An object without stamp and Recycle Bin (an external one) needs a plain query."""
        return self.is_stamped or self.schema.field("IsDeleted") is not None

    def _stamped(self, window: Window | None) -> soql.Predicate | None:
        if window is None:
            return None
        own: soql.Column = self._field("SystemModstamp")
        stamps = [own, *self.parent_stamps]
        return soql.any_of(soql.in_window(one, window.since, window.until) for one in stamps)

    def _field(self, name: str) -> FieldSchema:
        field = self.schema.field(name)
        return field if field is not None else FieldSchema(name, name, "string")


def _parent_stamps(
    plan: ReadPlan, schema: ObjectSchema, schemas: Schemas
) -> tuple[soql.FieldPath, ...]:
    """SystemModstamp of every parent on the conditions' paths that has one to filter by.

    A one-to-one object has no path from the base object in SOQL, and the pseudo-object Name no
    stamp: the sweep finds their changes (`sweep.needs_rescope`).
    """
    known = soql.by_lower_name(schemas)
    prefixes = {
        leaf.node.path[:length]
        for leaf in plan.condition_leaves.values()
        for length in range(1, len(leaf.node.path) + 1)
    }
    found = (
        soql.resolve(".".join((*prefix, "SystemModstamp")), schema, known)
        for prefix in sorted(prefixes)
    )
    return tuple(path for path in found if path is not None and path.field.filterable)
