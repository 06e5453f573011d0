"""One record as Salesforce shows it now: its status, each condition, the values of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from flyle_sf_assets.choosing.condition_words import Labels, condition_phrase
from flyle_sf_assets.companies.display import ShownRows, shown_rows
from flyle_sf_assets.companies.rows import EXTERNAL_ID
from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.explain.explanation import ConditionAnswer
from flyle_sf_assets.preview.record_sampler import Sampling
from flyle_sf_assets.raw.changes import tombstones
from flyle_sf_assets.raw.plan import ReadPlan, plan
from flyle_sf_assets.raw.questions import Questions
from flyle_sf_assets.raw.records import RecordStatus
from flyle_sf_assets.salesforce import conditions, soql
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import AnyOf, Condition, TenantSettings

_ID = FieldSchema("Id", "Id", "id")
"""Every object has it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The record's status; ``merged_into`` is the winner of a merge."""

    status: RecordStatus
    merged_into: str | None


@dataclass(frozen=True)
class RecordInOrg:
    """Asks about the record ``record_id`` of the base object; ``schemas`` by API name.

    The first question costs one call for the record and three conditions, and one more for every
    five conditions beyond.
    """

    org: Org
    settings: TenantSettings
    schemas: Mapping[str, ObjectSchema | None]
    record_id: str

    @cached_property
    def _plan(self) -> ReadPlan:
        return plan(self.settings, self.schemas)

    @cached_property
    def _answers(self) -> list[pl.DataFrame]:
        """The record with its status, the fields of its conditions, and each condition's answer."""
        items = self.settings.source.conditions
        paths = {path: field for item in items for path, field in self._paths(item).items()}
        (record,) = self._questions.by_id([self.record_id], self._questions.dataset.columns)
        values = soql.select(self._base, [_ID, *paths.values()], self._this)
        asked = [record, values, *(self._if_met(item) for item in items)]
        return self.org.reader.rows_by_composite(asked)

    def found(self) -> Found | None:
        """Its status, deleted ones too; None when Salesforce does not show it."""
        told = tombstones(self._answers[0], else_status=RecordStatus.LINKED)
        if told.is_empty():
            return None
        status, winner = told.select("_status", "_merged_into").row(0)
        return Found(RecordStatus(status), winner)

    def conditions(self) -> tuple[ConditionAnswer, ...]:
        """Each condition of the settings, evaluated by Salesforce."""
        items = self.settings.source.conditions
        _, record, *met = self._answers
        labels = Labels.of(self.settings.source, self.schemas)
        return tuple(
            ConditionAnswer(
                condition_phrase(item, labels), not answer.is_empty(), self._value(item, record)
            )
            for item, answer in zip(items, met, strict=True)
        )

    def values(self, known_labels: Mapping[str, Mapping[str, str]]) -> tuple[ShownRows, str | None]:
        """Its fields as Flyle would take them now, and why the whole row would be rejected.

        One call for each level of parents. ``known_labels``: see `shown_rows`.
        """
        sampling = Sampling(self.org, self._plan, self.schemas, self.settings)
        rows = sampling.alive(self._answers[0])
        converted = sampling.converted(rows)
        whole = converted.rejected.filter(
            (pl.col(EXTERNAL_ID) == self.record_id) & pl.col("field").is_null()
        )
        reason = None if whole.is_empty() else str(whole["reason"][0])
        return shown_rows(rows, converted, sampling.fields, known_labels), reason

    @property
    def _base(self) -> ObjectSchema:
        return self._questions.schema

    @cached_property
    def _questions(self) -> Questions:
        base = next(dataset for dataset in self._plan.datasets if dataset.is_base)
        return Questions.about(base, self._plan, self.schemas, self.settings)

    @property
    def _this(self) -> soql.Predicate:
        return soql.id_in(_ID, [self.record_id])[0]

    def _if_met(self, item: Condition | AnyOf) -> soql.Statement:
        """The record, if this one condition holds."""
        alone = self.settings.source.model_copy(update={"conditions": (item,)})
        where = conditions.where(alone, self.schemas, ZoneInfo(self.settings.time_zone))
        return soql.select(self._base, [_ID], soql.all_of([self._this, where]))

    def _paths(self, item: Condition | AnyOf) -> dict[str, soql.FieldPath]:
        """The fields of a condition that the record itself shows, by path; no one-to-one ones."""
        known = soql.by_lower_name(self.schemas)
        found = (
            (one.field, soql.resolve(one.field, self._base, known))
            for one in (item.any if isinstance(item, AnyOf) else (item,))
        )
        return {path: field for path, field in found if field is not None}

    def _value(self, item: Condition | AnyOf, record: pl.DataFrame) -> str | None:
        if record.is_empty():
            return None
        values = [record[path.text][0] for path in self._paths(item).values()]
        shown = [str(value) for value in values if value not in (None, "")]
        return ", ".join(shown) or None
