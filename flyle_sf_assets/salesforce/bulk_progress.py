"""The state of a Bulk read between its pages: its pace, its progress, and its result."""

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flyle_sf_assets.salesforce.frames import text_schema
from flyle_sf_assets.salesforce.soql import Statement

PAGE_FILE = re.compile(r"page-[0-9]{5,}\.parquet")


@dataclass(frozen=True, slots=True)
class BulkPace:
    """The poll interval of a job and its page size: every poll and every page is an API call.

    100,000 rows per page limit memory and disk, and cost ten calls per million rows.
    """

    first_wait_s: float = 0.5
    wait_growth: float = 1.6
    wait_longest_s: float = 20.0
    wait_total_s: float = 3 * 3600.0
    page_rows: int = 100_000


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """The progress of a Bulk read, so that it can be resumed while Salesforce keeps its results.

    ``files`` are the Parquet files written so far, ``rows`` their rows; ``locator`` names the next
    page (None: the first one).
    """

    job_id: str
    api_version: str
    query: str
    include_deleted: bool
    files: tuple[Path, ...] = ()
    rows: int = 0
    locator: str | None = None

    def is_of(self, statement: Statement) -> bool:
        """Whether it belongs to that statement and its files still exist."""
        same = (self.query, self.include_deleted) == (statement.text, statement.include_deleted)
        return same and all(file.exists() for file in self.files)

    def is_in(self, folder: Path) -> bool:
        """Whether its files are the pages of that folder, in their order."""
        return self.files == tuple(page_file(folder, n) for n in range(len(self.files)))


@dataclass(frozen=True, slots=True)
class BulkRead:
    """A whole result: Parquet files with the statement's columns, all String; ``rows`` in total."""

    files: tuple[Path, ...]
    rows: int
    columns: tuple[str, ...]

    def scan(self) -> pl.LazyFrame:
        """All rows, in the order in which Salesforce gave them."""
        if not self.files:
            return pl.LazyFrame(schema=text_schema(self.columns))
        return pl.scan_parquet(list(self.files), glob=False)


def page_file(folder: Path, number: int) -> Path:
    """The file of one result page. No part of its name comes from an answer."""
    return folder / f"page-{number:05d}.parquet"
