"""Reading rows: by REST pages, several queries in one composite call, or by Bulk 2.0.

A read that fails raises; it is never an empty frame. Sources: REST API Developer Guide, "Query",
"QueryAll", "Composite".
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import polars as pl

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import IncompleteRead, Text
from flyle_sf_assets.salesforce import bulk
from flyle_sf_assets.salesforce.bulk_progress import BulkPace, BulkProgress, BulkRead
from flyle_sf_assets.salesforce.composite import QUERIES_MAX, Subrequest, composite
from flyle_sf_assets.salesforce.rest_pages import PAGE, Page, RestResult
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.soql import Statement, querying
from flyle_sf_assets.telemetry.logs import logger

REST_ROWS_MAX = 5_000
"""REST up to this number: three pages of 2,000 rows, no waiting. A Bulk job of any size costs at
least four calls (create, poll, result, delete) and seconds in a queue; beyond some thousand rows
it costs fewer calls and, in CSV, a third of the CPU."""

_ROWS_PER_FILE = 50_000
"""For a large result by REST: at most 25 pages are in memory."""

_URL_LENGTH_MAX = 8_000
"""Longer ones may be refused with 414 or 431: they are sent in a composite's body instead."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A whole result: all columns String, named and ordered as in the statement."""

    frame: pl.LazyFrame
    rows: int
    way: Literal["rest", "bulk"]


_log = logger(__name__)


class Reader:
    """Reads from one org.

    ``sleep`` waits for Bulk jobs. Errors of all methods: NotPermitted, Postponed,
    SalesforceRefused (FieldRefused and ObjectRefused name what is missing), IncompleteRead.
    """

    def __init__(
        self,
        session: OrgSession,
        *,
        rest_rows_max: int = REST_ROWS_MAX,
        pace: BulkPace | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._rest_rows_max = rest_rows_max
        self._rows_max = session.network.bounds.rest_rows
        self._pace = pace or BulkPace()
        self._sleep = sleep

    def count(self, statement: Statement) -> int:
        """The number of rows that a `soql.count` statement finds; one call."""
        return self._first_page(statement).total_size

    def counts(self, statements: Sequence[Statement]) -> list[int]:
        """The numbers of rows, in order; one call per five statements."""
        found: list[int] = []
        for start in range(0, len(statements), QUERIES_MAX):
            some = statements[start : start + QUERIES_MAX]
            asked = [(statement, self._query_path(statement)) for statement in some]
            found += [page.total_size for page in self._composite_pages(asked)]
        return found

    def rows(self, statement: Statement) -> pl.DataFrame:
        """All rows by REST, page by page. The text of every value is exactly that of the JSON."""
        return self._rest(statement, self._first_page(statement))

    def rows_by_composite(self, statements: Sequence[Statement]) -> list[pl.DataFrame]:
        """All rows of each statement, in order; five pages per counted call.

        So up to five statements with small results cost one call. When one statement is refused,
        its error is raised and nothing is returned.
        """
        results = [RestResult(statement, self._rows_max) for statement in statements]
        waiting = deque(
            (place, self._query_path(statement)) for place, statement in enumerate(statements)
        )
        while waiting:
            batch = [waiting.popleft() for _ in range(min(QUERIES_MAX, len(waiting)))]
            pages = self._composite_pages([(statements[place], path) for place, path in batch])
            for (place, _), page in zip(batch, pages, strict=True):
                following = results[place].add(page)
                if following is not None:
                    waiting.append((place, following))
        return [result.frame() for result in results]

    def bulk(
        self,
        statement: Statement,
        sink_folder: Path,
        *,
        resume: BulkProgress | None = None,
        on_progress: Callable[[BulkProgress], None] | None = None,
    ) -> BulkRead:
        """All rows by a Bulk 2.0 job, in Parquet files in ``sink_folder``; bounded memory.

        The job is deleted at the end, and when it fails permanently. With ``on_progress`` (called
        after each page, to store the progress) a job interrupted for a transient reason is kept
        for ``resume``; a resume of another statement, or of a missing job, starts again.
        """
        return bulk.read(
            self._session,
            statement,
            sink_folder,
            pace=self._pace,
            resume=resume,
            on_progress=on_progress,
            sleep=self._sleep,
        )

    def read(
        self,
        statement: Statement,
        sink_folder: Path,
        *,
        expected_rows: int | None = None,
        resume: BulkProgress | None = None,
        on_progress: Callable[[BulkProgress], None] | None = None,
    ) -> Rows:
        """All rows by the cheaper way: REST up to ``rest_rows_max`` rows, else Bulk.

        ``expected_rows`` may be a guess: the first REST page has the true number, and a large
        result is then read by Bulk. When the Bulk job fails inside Salesforce, the same rows are
        read by REST. ``sink_folder`` is not used for a small result.

        Returns a lazy frame with the statement's columns, all text as Salesforce wrote it. Relied
        on: REST API Developer Guide, "Query"; Bulk API 2.0 Developer Guide, "Query Jobs".

        >>> columns = [account.field("Id"), account.field("Name")]
        >>> found = reader.read(select(account, columns), folder)
        >>> found.rows, found.way, found.frame.collect().columns
        (6, 'rest', ['Id', 'Name'])
        """
        is_small = expected_rows is None or expected_rows <= self._rest_rows_max
        if is_small and resume is None:
            first = self._first_page(statement)
            if first.total_size <= self._rest_rows_max:
                frame = self._rest(statement, first)
                return Rows(frame.lazy(), frame.height, "rest")
        try:
            whole = self.bulk(statement, sink_folder, resume=resume, on_progress=on_progress)
        except IncompleteRead as error:
            if error.code != "job_crashed":
                raise
            _log.warning("bulk_job_crashed", object=statement.object, read_by="rest")
            whole = self._rest_files(statement, sink_folder)
            return Rows(whole.scan(), whole.rows, "rest")
        return Rows(whole.scan(), whole.rows, "bulk")

    def _rest_files(self, statement: Statement, folder: Path) -> BulkRead:
        """All rows by REST in files like those of a Bulk read, with bounded memory."""
        private_files.make_folder(folder)
        result = RestResult(statement, rows_max=None)
        files: list[Path] = []
        following = result.add(self._first_page(statement))
        try:
            while following is not None or result.buffered or not files:
                if following is None or result.buffered >= _ROWS_PER_FILE:
                    rows = result.drain(is_last=following is None)
                    files.append(folder / f"rest-{len(files):05d}.parquet")
                    private_files.make_file(files[-1])
                    rows.write_parquet(files[-1])
                else:
                    following = result.add(self._page(following, statement.tried))
        except BaseException:
            for file in files:
                file.unlink(missing_ok=True)
            raise
        return BulkRead(tuple(files), result.rows, statement.columns)

    def _first_page(self, statement: Statement) -> Page:
        path = self._query_path(statement)
        if len(path) > _URL_LENGTH_MAX:
            return self._composite_pages([(statement, path)])[0]
        return self._page(path, statement.tried)

    def _rest(self, statement: Statement, first: Page) -> pl.DataFrame:
        result = RestResult(statement, self._rows_max)
        following = result.add(first)
        while following is not None:
            following = result.add(self._page(following, statement.tried))
        return result.frame()

    def _page(self, path: str, tried: Text) -> Page:
        return self._session.fetch(
            "GET", path, lambda response: self._decoded(response.content, tried), tried=tried
        )

    def _decoded(self, body: bytes, tried: Text) -> Page:
        return self._session.decoded(body, PAGE.decode, tried=tried)

    def _composite_pages(self, asked: Sequence[tuple[Statement, str]]) -> list[Page]:
        objects = ", ".join(dict.fromkeys(statement.object for statement, _ in asked))
        subanswers = composite(
            self._session, [Subrequest(path) for _, path in asked], tried=querying(objects)
        )
        pages = []
        for (statement, _), answer in zip(asked, subanswers, strict=True):
            refusal = answer.refusal(statement.tried)
            if refusal is not None:
                raise refusal
            pages.append(self._decoded(answer.body, statement.tried))
        return pages

    def _query_path(self, statement: Statement) -> str:
        resource = "queryAll" if statement.include_deleted else "query"
        # Everything is escaped: composite would read a bare @{…} in a value as a reference.
        return self._session.data_path(f"/{resource}?q={quote(statement.text, safe='')}")
