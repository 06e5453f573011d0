"""A few records read as a refresh would read them, without storing any: base, then parents.

Each hop of the lookup tree costs one call for five questions of at most 2,000 ids.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.fields import CompanyField, company_fields
from flyle_sf_assets.companies.rows import Converted
from flyle_sf_assets.enriched.join import enrich
from flyle_sf_assets.options.catalog import described_options, met_values
from flyle_sf_assets.raw import references
from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import fetched_parents, tombstones
from flyle_sf_assets.raw.plan import Node, ReadPlan, Schemas
from flyle_sf_assets.raw.questions import IDS_PER_QUESTION, Questions
from flyle_sf_assets.raw.records import RecordStatus, as_records, changed_rows, empty
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.soql import Statement
from flyle_sf_assets.settings.models import TenantSettings


class Sampling:
    """Reads some records of one org under a plan. Errors are those of `query.Reader`."""

    def __init__(
        self, org: Org, plan: ReadPlan, schemas: Schemas, settings: TenantSettings
    ) -> None:
        self._reader = org.reader
        self._plan = plan
        self._settings = settings
        self._questions = {
            dataset.name: Questions.about(dataset, plan, schemas, settings)
            for dataset in plan.datasets
        }
        self._base = next(dataset for dataset in plan.datasets if dataset.is_base)

    @property
    def fields(self) -> tuple[CompanyField, ...]:
        """The custom fields of the settings in this org."""
        return company_fields(self._settings, self._plan.leaves)

    def first(self, records: int) -> pl.DataFrame:
        """Enriched rows of some matching records, at most this many."""
        statement = self._questions[self._base.name].some(records)
        return self._enriched(self._reader.rows(statement))

    def of(self, ids: pl.Series) -> pl.DataFrame:
        """Enriched rows of these records, whether they match or not, without deleted ones."""
        if ids.is_empty():
            return self._enriched(self._questions[self._base.name].no_answer(self._base.columns))
        asked = self._questions[self._base.name].by_id(ids, self._base.columns)
        return self.alive(pl.concat(self._reader.rows_by_composite(asked)))

    def alive(self, answer: pl.DataFrame) -> pl.DataFrame:
        """Enriched rows of an answer to `Questions.by_id` with all columns, no deleted ones."""
        told = tombstones(answer, else_status=RecordStatus.LINKED)
        alive = told.filter(pl.col("_status") == RecordStatus.LINKED.value)
        return self._enriched(answer.join(alive, on="Id", how="semi"))

    def converted(self, rows: pl.DataFrame) -> Converted:
        """The rows as companies, as if nothing was known of the tenant yet."""
        fields = self.fields
        options = pl.concat([described_options(fields), met_values(rows, fields)])
        zone = self._settings.time_zone
        return convert(rows, fields, time_zone=zone, catalog=options.select("field_key", "value"))

    def _enriched(self, answer: pl.DataFrame) -> pl.DataFrame:
        records = {one.name: empty(one.columns) for one in self._plan.datasets}
        values = canonical(answer.lazy(), self._base.columns).collect()
        records[self._base.name] = as_records(values, RecordStatus.LINKED)
        depths = sorted({len(node.path) for node in self._plan.nodes if node.path})
        for depth in depths:
            self._fetch(records, [n for n in self._plan.nodes if len(n.path) == depth])
        lazy = {name: frame.lazy() for name, frame in records.items()}
        return enrich(self._plan, lazy, values["Id"]).collect()

    def _fetch(self, records: dict[str, pl.DataFrame], nodes: list[Node]) -> None:
        """Reads the records at these nodes of one depth, added to what was read before."""
        asked = [
            (node, ids, statement)
            for node in nodes
            for ids, statement in self._questions_at(records, node)
        ]
        answers = self._reader.rows_by_composite([statement for _, _, statement in asked])
        for (node, ids, _), answer in zip(asked, answers, strict=True):
            columns = self._plan.dataset(node.dataset).columns
            values = canonical(answer.lazy(), columns).collect()
            held = records[node.dataset]
            if node.one_to_one:
                came = changed_rows(as_records(values, RecordStatus.REFERENCED), held)
                came = came.join(held, on="Id", how="anti")
            else:
                told = tombstones(answer, else_status=RecordStatus.REFERENCED)
                unread = ids.filter(~ids.is_in(held["Id"].implode()))
                came = fetched_parents(unread, values, told, held)
            came = came.join(held, on="Id", how="anti")
            records[node.dataset] = pl.concat([held, came.select(held.columns)])

    def _questions_at(
        self, records: Mapping[str, pl.DataFrame], node: Node
    ) -> Iterator[tuple[pl.Series, Statement]]:
        """What to ask at a node, each question with the ids that it asks about."""
        lazy = {name: frame.lazy() for name, frame in records.items()}
        questions = self._questions[node.dataset]
        columns = self._plan.dataset(node.dataset).columns
        if node.one_to_one:
            parent = next(n for n in self._plan.nodes if n.path == node.path[:-1])
            owners = references.ids_at(self._plan, parent, lazy).collect().to_series()
            for statement in questions.belonging_to(node.lookup_field or "", owners):
                yield owners, statement
            return
        wanted = references.ids_at(self._plan, node, lazy).collect().to_series()
        unread = wanted.filter(~wanted.is_in(records[node.dataset]["Id"].implode()))
        for batch in unread.sort().to_frame().iter_slices(IDS_PER_QUESTION):
            ids = batch.to_series()
            for statement in questions.by_id(ids, columns):
                yield ids, statement
