"""What to ask of Salesforce about one dataset, as SOQL made from describe's own names.

What does not belong here: sending the questions (``salesforce/query.py``) and what the answers
change (``changes.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from flyle_sf_assets.errors import ObjectRefused, Text
from flyle_sf_assets.raw.plan import Dataset, Schemas
from flyle_sf_assets.salesforce import conditions, soql
from flyle_sf_assets.salesforce.schema import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings

MERGE_FIELD = "MasterRecordId"
"""On objects whose records can be merged: the winner's Id on a loser."""

IDS_PER_QUESTION = 2_000
"""As many as fit on one REST page, so that one question is one answer."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of SystemModstamp: from ``since`` on, before ``until`` (both Salesforce's time)."""

    since: datetime
    until: datetime

    @staticmethod
    def after(watermark: datetime, until: datetime, overlap_s: int) -> "Window":
        """From the watermark on, and back by the overlap for rows that became visible late."""
        return Window(watermark - timedelta(seconds=overlap_s), until)


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions about one dataset. Answers have ``Id``, ``SystemModstamp`` and what is named.

    Those that speak of fates also have ``IsDeleted`` and, where the object knows merges,
    ``MasterRecordId``; they must be asked with deleted rows included (queryAll).
    """

    dataset: Dataset
    schema: ObjectSchema
    scope: soql.Predicate | None

    @staticmethod
    def about(dataset: Dataset, schemas: Schemas, settings: TenantSettings) -> "Questions":
        """Raises ObjectRefused when the object has no schema any more."""
        schema = schemas.get(dataset.object)
        if schema is None:
            raise ObjectRefused(
                "object_unknown",
                tried=Text(f"{dataset.object} を読み込みます", f"Read {dataset.object}"),
                came_back="The org does not know the object, or hides it from the connected user.",
                remedy=Text(
                    "連携ユーザーのオブジェクト権限を確認してください",
                    "Check the connected user's permission on the object",
                ),
            )
        scope = None
        if dataset.is_base:
            scope = conditions.where(settings.source, schemas, ZoneInfo(settings.time_zone))
        return Questions(dataset, schema, scope)

    def count(self) -> soql.Statement:
        """How many records match."""
        return soql.count(self.schema, self.scope)

    def matching(self, window: Window | None = None) -> soql.Statement:
        """Records that match the conditions, all or those stamped in the window."""
        where = soql.all_of([self.scope, self._stamped(window)])
        return soql.select(self.schema, [*self._keys(), *self.dataset.columns], where)

    def touched(self, window: Window, *, with_values: bool) -> soql.Statement:
        """The fates of every record stamped in the window, whether it matches or not."""
        columns = [*self._keys(), *self._fate_fields()]
        columns += self.dataset.columns if with_values else ()
        return soql.select(self.schema, columns, self._stamped(window), include_deleted=True)

    def everything(self) -> soql.Statement:
        """All records of the object with their fates and values."""
        columns = [*self._keys(), *self._fate_fields(), *self.dataset.columns]
        return soql.select(self.schema, columns, include_deleted=True)

    def by_id(self, ids: Iterable[str], *, with_values: bool) -> list[soql.Statement]:
        """The fates, and on request the values, of these records."""
        columns = [*self._keys(), *self._fate_fields()]
        columns += self.dataset.columns if with_values else ()
        wanted = sorted(set(ids))
        batches = [
            wanted[start : start + IDS_PER_QUESTION]
            for start in range(0, len(wanted), IDS_PER_QUESTION)
        ]
        return [
            soql.select(self.schema, columns, predicate, include_deleted=True)
            for batch in batches
            for predicate in soql.id_in(self._field("Id"), batch)
        ]

    def no_fates(self) -> pl.DataFrame:
        """The answer to a question about no record at all."""
        names = [field.name for field in (*self._keys(), *self._fate_fields())]
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))

    def _keys(self) -> list[FieldSchema]:
        return [self._field("Id"), self._field("SystemModstamp")]

    def _fate_fields(self) -> list[FieldSchema]:
        """What tells deleted and merged records; a few objects (User) know neither."""
        found = (self.schema.field(name) for name in ("IsDeleted", MERGE_FIELD))
        return [field for field in found if field is not None]

    def _stamped(self, window: Window | None) -> soql.Predicate | None:
        if window is None:
            return None
        return soql.in_window(self._field("SystemModstamp"), window.since, window.until)

    def _field(self, name: str) -> FieldSchema:
        field = self.schema.field(name)
        return field if field is not None else FieldSchema(name, name, "string")
