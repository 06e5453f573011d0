"""One raw asset's datasets while they are read: whole, by window, and by reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.raw import references
from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import (
    absent_changes,
    absent_rows,
    fetched_parents,
    first_parents,
    parent_changes,
    scope_changes,
    tombstones,
)
from flyle_sf_assets.raw.ownership import RawAsset
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.raw.questions import Questions, Window
from flyle_sf_assets.raw.records import (
    READABLE,
    RecordStatus,
    as_records,
    changed_rows,
    empty,
    is_any,
    record_schema,
)
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.sync.bulk_downloads import Downloads, Tell
from flyle_sf_assets.sync.extract.staged_dataset import StagedDataset
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.state.committed_state import CommittedState

WHOLE_OBJECT_IDS_MIN = 20_000
"""From this many missing parents on, Bulk reads the object in fewer calls than reading by Id."""


@dataclass(frozen=True, slots=True)
class DatasetReading:
    """A dataset with the questions about it, and how much of it to ask.

    ``window`` is None when it must be read whole; ``new_columns`` were never read, or
    only as fields of another type: a type change converts values without a stamp; ``compared``
    are the columns by which a sweep or census compares all records (None: none is due).
    """

    questions: Questions
    staged: StagedDataset
    window: Window | None
    serves_lookups: bool
    is_one_to_one: bool
    new_columns: tuple[FieldSchema, ...] = ()
    compared: tuple[FieldSchema, ...] | None = None

    @property
    def status(self) -> RecordStatus:
        """The status of a record that the dataset's own question returns."""
        is_base = self.questions.dataset.is_base
        return RecordStatus.LINKED if is_base else RecordStatus.REFERENCED

    @property
    def is_asked_by_conditions(self) -> bool:
        """Whether records are read by a question of their own, not only by reference."""
        return self.questions.dataset.is_base or self.is_one_to_one


@dataclass(frozen=True, slots=True)
class Sources:
    """Where rows are read from: the org, and earlier downloads."""

    org: OrgAccess
    downloads: Downloads
    committed: CommittedState
    lake: Lake
    tell: Tell


class Reading:
    """Brings one asset's datasets to the org's current state, without committing anything."""

    def __init__(self, sources: Sources, plan: ReadPlan, datasets: list[DatasetReading]) -> None:
        self._sources = sources
        self._plan = plan
        self._datasets = {one.staged.name: one for one in datasets}

    def read_own_changes(self) -> None:
        """Reads whole datasets without a valid window, and of the others the window's changes.

        Skips datasets without stamps: a sweep or census compares their values.
        """
        windows = []
        for one in self._datasets.values():
            if one.window is None:
                self._read_whole(one)
            elif one.new_columns:
                self._fold_in(one)
            window = one.window or self._since_download(one)
            if window is not None and one.questions.is_stamped:
                windows.append((one, window))
        self._read_windows(windows)

    def close_references(
        self, asset: RawAsset, changed_above: Mapping[str, pl.Series] | None = None
    ) -> None:
        """Reads the records that others look up and that are not held, hop by hop.

        ``changed_above`` are the Ids that changed in other assets' datasets since the references
        were last closed: only their references are checked. None checks every reference.
        """
        for node in self._plan.nodes:
            if node.asset != asset or not node.path or node.one_to_one:
                continue
            changed = {**(changed_above or {}), **self._changed()}
            # Before any file is opened: most refreshes change nothing here.
            if changed_above is not None and all(ids.is_empty() for ids in changed.values()):
                continue
            one, records = self._datasets[node.dataset], self._records()
            if changed_above is None:
                wanted = references.ids_at(self._plan, node, records)
            else:
                wanted = references.newly_reached(self._plan, node, records, changed)
            held = one.staged.records().select("Id")
            missing = wanted.join(held, on="Id", how="anti").collect().to_series()
            self.fetch(one, missing)

    def _read_whole(self, one: DatasetReading) -> None:
        if one.is_asked_by_conditions:
            self._read_matching(one)
        if one.staged.is_empty:
            one.staged.begin()
        elif one.serves_lookups and not one.is_one_to_one:
            only_referenced = pl.col("_status") != RecordStatus.LINKED.value
            ids = one.staged.records().filter(only_referenced).select("Id").collect().to_series()
            self.fetch(one, ids)

    def _read_matching(self, one: DatasetReading) -> None:
        """Reads all that match the conditions, or all records of a one-to-one object.

        Compared with what is held, only differences count as changes.
        """
        staged = one.staged
        matching = self.matching(one, one.questions.dataset.columns)
        if staged.is_empty:
            names = record_schema(staged.columns).names()
            staged.new_base = matching.with_columns(
                pl.lit(one.status.value).alias("_status"),
                pl.lit(None, pl.String).alias("_merged_into"),
            ).select(names)
            return
        held, came = staged.records().collect(), matching.collect()
        staged.add(changed_rows(as_records(came, one.status), held), held)
        self.stage_absent(one, held, came)

    def matching(self, one: DatasetReading, columns: Sequence[FieldSchema]) -> pl.LazyFrame:
        """Canonical rows, with these columns, of all records that match the conditions."""
        reader, staged = self._sources.org.opened.reader, one.staged
        expected = reader.count(one.questions.count())
        self._sources.tell(staged.name, 0, expected)
        statement = one.questions.matching(columns=columns)
        download = self._sources.downloads.read(
            reader,
            staged.name,
            statement,
            now=self._sources.org.until,
            expected_rows=expected,
            may_resume=staged.is_empty,
            edited=self._sources.committed.edited(one.questions.dataset.object),
        )
        staged.asked_at = min(staged.asked_at or download.asked_at, download.asked_at)
        staged.pulled += download.rows.rows
        return canonical(download.rows.frame, columns)

    def stage_absent(self, one: DatasetReading, held: pl.DataFrame, came: pl.DataFrame) -> None:
        """Sets the status of records that are held but missing in the complete answer."""
        if not one.questions.dataset.is_base:
            self.fetch(one, held.join(came, on="Id", how="anti")["Id"])
            return
        absent = absent_rows(held, came)
        one.staged.add(absent_changes(absent, self.tombstones_of(one, absent["Id"])), absent)

    def _fold_in(self, one: DatasetReading) -> None:
        """Reads only Id and the new columns and adds them to the rows that are held."""
        staged, new = one.staged, one.new_columns
        names = [column.name for column in new]
        rows = staged.records().collect()
        frames = [pl.DataFrame(schema=record_schema(names)).select("Id", *names)]
        if one.is_asked_by_conditions:
            frames.append(self.matching(one, new).select("Id", *names).collect())
        if one.serves_lookups:
            readable = rows.filter(is_any(READABLE))
            rest = readable.join(frames[-1], on="Id", how="anti")["Id"]
            answer = self.answers_by_id(one, rest, new)
            frames.append(canonical(answer.lazy(), new).select("Id", *names).collect())
        values = pl.concat(frames).unique("Id", keep="last").with_columns(_answered=True)
        # Records that cannot be read any more keep their last values.
        folded = rows.join(values, on="Id", how="left", suffix="_new").with_columns(
            pl.when("_answered").then(f"{name}_new").otherwise(name).alias(name) for name in names
        )
        staged.new_base = folded.select(record_schema(staged.columns).names()).lazy()

    def tombstones_of(self, one: DatasetReading, ids: pl.Series) -> pl.DataFrame:
        """The tombstones of records that were in scope."""
        answer = self.answers_by_id(one, ids, ())
        return tombstones(answer, else_status=RecordStatus.OUT_OF_SCOPE)

    def answers_by_id(
        self, one: DatasetReading, ids: pl.Series, columns: Sequence[FieldSchema]
    ) -> pl.DataFrame:
        """Salesforce's answer for these records, deleted ones too: statuses and these columns."""
        asked = one.questions.by_id(ids, columns)
        answers = self._sources.org.opened.reader.rows_by_composite(asked)
        one.staged.pulled += sum(answer.height for answer in answers)
        return pl.concat([one.questions.no_answer(columns), *answers])

    def _since_download(self, one: DatasetReading) -> Window | None:
        """What to read after a resumed download: it saw the org as of its start."""
        until, asked_at = self._sources.org.until, one.staged.asked_at
        if asked_at is None or asked_at >= until:
            return None
        return self._sources.org.window_after(asked_at)

    def _read_windows(self, windows: Sequence[tuple[DatasetReading, Window]]) -> None:
        """Reads what changed in these windows, for all datasets in as few calls as possible."""
        asked = []
        for one, window in windows:
            if one.serves_lookups:
                asked.append(one.questions.touched(window, with_values=True))
            else:
                asked.append(one.questions.leaving(window))
            if one.questions.dataset.is_base:
                asked.append(one.questions.matching(window))
        answers = iter(self._sources.org.opened.reader.rows_by_composite(asked))
        for one, _ in windows:
            touched = next(answers)
            one.staged.pulled += touched.height
            if one.questions.dataset.is_base:
                matching = next(answers)
                one.staged.pulled += matching.height
                self._take_scope(one, touched, matching)
            if one.serves_lookups:
                self._take_parents(one, touched)

    def _take_scope(
        self, one: DatasetReading, touched: pl.DataFrame, matching: pl.DataFrame
    ) -> None:
        if touched.is_empty() and matching.is_empty():
            return
        came = canonical(matching.lazy(), one.questions.dataset.columns).collect()
        told = tombstones(touched, else_status=RecordStatus.OUT_OF_SCOPE)
        held = one.staged.rows_of(pl.concat([came["Id"], told["Id"]]).unique())
        one.staged.add(scope_changes(held, came, told), held)

    def _take_parents(self, one: DatasetReading, touched: pl.DataFrame) -> None:
        if touched.is_empty():
            return
        told = tombstones(touched, else_status=RecordStatus.REFERENCED)
        values = canonical(touched.lazy(), one.questions.dataset.columns).collect()
        held = one.staged.rows_of(told["Id"])
        if one.is_one_to_one:
            alive = told.filter(pl.col("_status") == RecordStatus.REFERENCED.value)
            new = values.join(held, on="Id", how="anti").join(alive, on="Id", how="semi")
            one.staged.add(as_records(new, RecordStatus.REFERENCED), held)
        one.staged.add(parent_changes(held, values, told), held)

    def fetch(self, one: DatasetReading, ids: pl.Series) -> None:
        """Reads records by Id; above a limit reads the whole object and keeps only these.

        Not of an object without stamps: Bulk does not read external objects.
        """
        if ids.is_empty():
            return
        staged, columns = one.staged, one.questions.dataset.columns
        self._sources.tell(staged.name, 0, ids.len())
        if ids.len() < WHOLE_OBJECT_IDS_MIN or not one.questions.is_stamped:
            self._take_fetched(one, ids, self.answers_by_id(one, ids, columns))
            return
        answer = self._everything(one, ids)
        if not staged.is_new:
            self._take_fetched(one, ids, answer.collect())
            return
        seen = answer.select("Id").collect()["Id"]
        missing = ids.filter(~ids.is_in(seen.implode()))
        staged.take_first(first_parents(answer, missing, columns), ids.len())

    def _take_fetched(self, one: DatasetReading, ids: pl.Series, answer: pl.DataFrame) -> None:
        values = canonical(answer.lazy(), one.questions.dataset.columns).collect()
        told = tombstones(answer, else_status=RecordStatus.REFERENCED)
        held = one.staged.rows_of(ids)
        one.staged.add(fetched_parents(ids, values, told, held), held)

    def _everything(self, one: DatasetReading, ids: pl.Series) -> pl.LazyFrame:
        """These records as Salesforce wrote them, from a read of the whole object."""
        staged, org = one.staged, self._sources.org
        download = self._sources.downloads.read(
            org.opened.reader,
            staged.name,
            one.questions.everything(),
            now=org.until,
            expected_rows=ids.len(),
        )
        staged.pulled += download.rows.rows
        return download.rows.frame.join(ids.to_frame("Id").lazy(), on="Id", how="semi")

    def _changed(self) -> dict[str, pl.Series]:
        """The staged Ids, by dataset."""
        return {
            name: pl.concat([pl.Series(dtype=pl.String), *(c["Id"] for c in one.staged.changes)])
            for name, one in self._datasets.items()
        }

    def _records(self) -> references.Records:
        """The newest rows of every dataset of the plan, staged ones included."""
        frames = {name: one.staged.records() for name, one in self._datasets.items()}
        for dataset in self._plan.datasets:
            if dataset.name not in frames:
                kept = self._sources.committed.manifest(dataset.name)
                newest = self._sources.lake.read(kept) if kept else empty(dataset.columns).lazy()
                frames[dataset.name] = newest
        return frames
