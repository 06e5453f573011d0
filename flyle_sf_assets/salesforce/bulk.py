"""Large reads by Bulk API 2.0: a query job, its result pages streamed to Parquet, its end.

A page's rows are compared with the number that Salesforce announced: HTTP libraries report a
truncated body as success. Source: Bulk API 2.0 and Bulk API Developer Guide, "Query Jobs": results
live for seven days.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import polars as pl
import requests

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import (
    AnswerTooLarge,
    FlyleError,
    IncompleteRead,
    SalesforceRefused,
    Text,
)
from flyle_sf_assets.salesforce import answers
from flyle_sf_assets.salesforce.bulk_progress import (
    PAGE_FILE,
    BulkPace,
    BulkProgress,
    BulkRead,
    page_file,
)
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.frames import csv_to_parquet
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.soql import Statement
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.unforeseen import storage_error

_CHUNK_BYTES = 1 << 20
JOB_GONE = ("not_found", "job_gone")
"""The error codes for a job that Salesforce no longer knows."""
_PAGE_ROWS_MIN = 500
"""The smallest page that is requested: when even this one is too large, the org is hostile."""

_PAGE_VALUES = 10_000_000
"""More rows of fewer columns, or the reverse: each value needs 16 bytes besides its text."""

_DISK = Text(
    "FLYLE_LAKE_URL(s3:// の場合は FLYLE_HOME)", "FLYLE_LAKE_URL (FLYLE_HOME if that is s3://)"
)
"""The variable that names the disk with the folder that `read` is given."""

_ENDED = frozenset({"Failed", "Aborted"})


class _Job(msgspec.Struct, rename="camel"):
    id: str
    state: str
    number_records_processed: int | None = None
    error_message: str | None = None


_JOB = msgspec.json.Decoder(_Job)


@dataclass(frozen=True, slots=True)
class _Page:
    rows: int
    next_locator: str | None


def read(
    session: OrgSession,
    statement: Statement,
    folder: Path,
    *,
    pace: BulkPace,
    resume: BulkProgress | None = None,
    on_progress: Callable[[BulkProgress], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> BulkRead:
    """The whole result of a statement in ``folder``; see `query.Reader.bulk`."""
    reading = _Reading(session, statement, folder, pace, on_progress, sleep)
    if resume is not None and resume.is_of(statement) and resume.is_in(folder):
        try:
            return reading.finish(resume)
        except (SalesforceRefused, IncompleteRead) as refused:
            if refused.code not in JOB_GONE:
                raise
            # The job no longer exists (seven days, or deleted): its pages are read again.
            logger(__name__).info("bulk_job_gone", job_id=resume.job_id, object=statement.object)
    return reading.finish(reading.submit())


class _Reading:
    def __init__(
        self,
        session: OrgSession,
        statement: Statement,
        folder: Path,
        pace: BulkPace,
        on_progress: Callable[[BulkProgress], None] | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._session = session
        self._statement = statement
        self._folder = folder
        self._pace = pace
        self._on_progress = on_progress
        self._sleep = sleep
        self._is_spent = False
        self._tried = Text(
            f"{statement.object} を Bulk API 2.0 で読み込もうとしました",
            f"Tried to read {statement.object} by Bulk API 2.0",
        )

    def submit(self) -> BulkProgress:
        """A new job."""
        body = {
            "operation": "queryAll" if self._statement.include_deleted else "query",
            "query": self._statement.text,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        try:
            job = self._session.fetch(
                "POST",
                self._session.data_path("/jobs/query"),
                self._job,
                tried=self._tried,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
            )
        except IncompleteRead as error:
            # A job that was never created cannot be missing: this one is refused.
            raise faults.of_refused_job(error) if error.code in JOB_GONE else error from None
        progress = BulkProgress(
            job.id,
            self._session.api_version,
            self._statement.text,
            self._statement.include_deleted,
        )
        return self._told(progress)

    def finish(self, progress: BulkProgress) -> BulkRead:
        """Waits for the job, reads the rest of its result, and deletes it."""
        try:
            processed = self._wait(progress)
            read = self._download(progress, processed)
        except BaseException as error:
            if self._on_progress is None or not self._is_resumable(error):
                self._discard(progress)
            raise
        self._delete(progress)
        return read

    def _is_resumable(self, error: BaseException) -> bool:
        """Whether the same job can still return the rest: otherwise every resume would fail."""
        if not isinstance(error, FlyleError):
            return True
        is_lost = error.code in ("locator_expired", *JOB_GONE)
        is_passing = error.retryable and not isinstance(error, AnswerTooLarge)
        return is_passing and not self._is_spent and not is_lost

    def _wait(self, progress: BulkProgress) -> int | None:
        """The number of rows that the job found, when it is complete."""
        wait_s, waited_s = self._pace.first_wait_s, 0.0
        while True:
            self._sleep(wait_s)
            waited_s += wait_s
            job = self._session.fetch("GET", self._path(progress), self._job, tried=self._tried)
            if job.state == "JobComplete":
                return job.number_records_processed
            if job.state in _ENDED:
                self._is_spent = True
                raise faults.of_job(job.state, job.error_message or "", tried=self._tried)
            if waited_s > self._pace.wait_total_s:
                raise faults.too_slow(
                    Text(
                        f"ジョブ {job.id} が {waited_s:.0f} 秒間 {job.state} のままです",
                        f"job {job.id} {job.state} for {waited_s:.0f} s",
                    ),
                    tried=self._tried,
                )
            wait_s = min(wait_s * self._pace.wait_growth, self._pace.wait_longest_s)

    def _download(self, progress: BulkProgress, processed: int | None) -> BulkRead:
        private_files.make_folder(self._folder)
        fitting = max(_PAGE_VALUES // len(self._statement.columns), _PAGE_ROWS_MIN)
        page_rows, seen = min(self._pace.page_rows, fitting), {progress.locator}
        while not progress.files or progress.locator is not None:
            file = page_file(self._folder, len(progress.files))
            try:
                page = self._page(progress, file, page_rows)
            except AnswerTooLarge:
                if page_rows <= _PAGE_ROWS_MIN:
                    raise
                page_rows = max(page_rows // 8, _PAGE_ROWS_MIN)
                continue
            if page.next_locator is not None and page.next_locator in seen:
                self._is_spent = True
                raise faults.implausible(
                    Text("ページに終わりがありません", "pages that do not come to an end"),
                    tried=self._tried,
                )
            seen.add(page.next_locator)
            progress = self._told(
                replace(
                    progress,
                    files=(*progress.files, file),
                    rows=progress.rows + page.rows,
                    locator=page.next_locator,
                )
            )
        if processed is not None and progress.rows != processed:
            self._is_spent = True
            raise faults.cut_off(
                Text(
                    f"{progress.rows} 行(ジョブの件数は {processed} 行)",
                    f"{progress.rows} rows; the job found {processed}",
                ),
                tried=self._tried,
            )
        return BulkRead(progress.files, progress.rows, self._statement.columns)

    def _page(self, progress: BulkProgress, file: Path, rows: int) -> _Page:
        params = {"maxRecords": str(rows)}
        if progress.locator is not None:
            params["locator"] = progress.locator
        return self._session.fetch(
            "GET",
            f"{self._path(progress)}/results",
            lambda response: self._stored(response, file, rows),
            tried=self._tried,
            params=params,
            headers={"Accept": "text/csv"},
            stream=True,
        )

    def _stored(self, response: requests.Response, file: Path, asked: int) -> _Page:
        announced = response.headers.get("Sforce-NumberOfRecords", "")
        locator = response.headers.get("Sforce-Locator", "null")
        following = None if locator in ("null", "") else answers.locator(locator, tried=self._tried)
        csv_file = file.with_suffix(".csv")
        # A file of a killed run may be an incomplete page.
        for left in (csv_file, file):
            left.unlink(missing_ok=True)
            private_files.make_file(left)
        try:
            with csv_file.open("wb") as sink:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    sink.write(chunk)
            try:
                rows = csv_to_parquet(
                    csv_file, file, self._statement.columns, self._check, rows_max=asked
                )
            except (pl.exceptions.PolarsError, ValueError) as error:
                if (full := storage_error(error, self._tried, _DISK)) is not None:
                    raise full from error
                # Their texts quote values.
                raise faults.unreadable(
                    Text("CSV ではないページ", "a page that is no CSV"), tried=self._tried
                ) from error
        finally:
            csv_file.unlink(missing_ok=True)
        if rows > asked:
            raise faults.implausible(
                Text("要求より行数の多いページ", "a page of more rows than asked for"),
                tried=self._tried,
            )
        if rows != answers.count(announced):
            came_back = Text(
                f"{rows} 行(Sforce-NumberOfRecords は {announced or 'なし'})",
                f"{rows} rows; Sforce-NumberOfRecords says {announced or 'nothing'}",
            )
            raise faults.cut_off(came_back, tried=self._tried)
        if not rows and following is not None:
            raise faults.implausible(
                Text("ページに終わりがありません", "pages that do not come to an end"),
                tried=self._tried,
            )
        return _Page(rows, following)

    def _check(self, rows: pl.DataFrame) -> None:
        answers.require_sound(rows, self._statement, tried=self._tried)

    def _discard(self, progress: BulkProgress) -> None:
        """Removes files and job in any state; aborts it first: only ended jobs can be deleted."""
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            if PAGE_FILE.fullmatch(file.name):
                file.unlink()
        # Refused when it ended already; the next line reports an org that cannot be reached.
        with suppress(FlyleError):
            self._session.fetch(
                "PATCH",
                self._path(progress),
                lambda response: response.status_code,
                tried=self._tried,
                retries=False,
                data=b'{"state":"Aborted"}',
                headers={"Content-Type": "application/json"},
            )
        self._delete(progress)

    def _delete(self, progress: BulkProgress) -> None:
        """Salesforce keeps jobs for seven days and 10,000 of them: a failure here does no harm."""
        try:
            self._session.fetch(
                "DELETE", self._path(progress), lambda response: response.status_code
            )
        except FlyleError as error:
            if error.code not in JOB_GONE:
                logger(__name__).warning(
                    "bulk_job_not_deleted", job_id=progress.job_id, error=error.code
                )

    def _told(self, progress: BulkProgress) -> BulkProgress:
        if self._on_progress is not None:
            self._on_progress(progress)
        return progress

    def _job(self, response: requests.Response) -> _Job:
        job = self._session.decoded(response.content, _JOB.decode, tried=self._tried)
        answers.job_id(job.id, tried=self._tried)
        return job

    def _path(self, progress: BulkProgress) -> str:
        """By the API version that created the job: another one is refused (409)."""
        return f"/services/data/v{progress.api_version}/jobs/query/{progress.job_id}"
