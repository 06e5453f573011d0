"""The pages of a REST query as they arrive, and their checks.

Source: REST API Developer Guide, "Query": a page names the next one, and the number of all rows.
"""

from typing import Any

import msgspec
import polars as pl

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.answers import next_page, require_columns, require_sound
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.frames import of_records, tree_of
from flyle_sf_assets.salesforce.soql import Statement


class Page(msgspec.Struct, rename="camel"):
    """One page: records with floats as their exact text."""

    total_size: int
    done: bool
    records: list[dict[str, Any]] = []
    next_records_url: str | None = None


PAGE = msgspec.json.Decoder(Page, float_hook=str)


class RestResult:
    """The rows of one statement while its pages arrive.

    ``rows_max`` limits the rows in memory; None for rows that are drained into files.
    """

    def __init__(self, statement: Statement, rows_max: int | None) -> None:
        self._statement = statement
        self._rows_max = rows_max
        self._tree = tree_of(statement.columns)
        self._records: list[dict[str, Any]] = []
        self._total: int | None = None
        self._addresses: set[str] = set()
        self.rows = 0

    @property
    def buffered(self) -> int:
        """The rows that arrived and were not drained yet."""
        return len(self._records)

    def add(self, page: Page) -> str | None:
        """Adds a page; returns the URL path of the next one, None after the last.

        IncompleteRead when a page is not plausible: without a column, beyond the announced number
        of rows, or followed by a page that was already read.
        """
        tried = self._statement.tried
        require_columns(page.records, self._tree, tried=tried)
        self._records += page.records
        self.rows += len(page.records)
        total = self._total = page.total_size if self._total is None else self._total
        if self._rows_max is not None and total > self._rows_max:
            raise faults.too_large(
                Text(f"REST で {total} 行", f"{total} rows by REST"), tried=tried
            )
        if self.rows > total:
            raise faults.cut_off(
                Text(f"{total} 行のうち {self.rows} 行", f"{self.rows} rows of {total}"),
                tried=tried,
            )
        if page.done:
            return None
        address = next_page(page.next_records_url, tried=tried)
        if address in self._addresses or not page.records:
            raise faults.implausible(
                Text("ページに終わりがありません", "pages that do not come to an end"), tried=tried
            )
        self._addresses.add(address)
        return address

    def drain(self, *, is_last: bool) -> pl.DataFrame:
        """Drains the buffered rows, all columns String; ``is_last`` also checks their number."""
        statement, tried = self._statement, self._statement.tried
        if is_last and self.rows != self._total:
            raise faults.cut_off(
                Text(
                    f"{self._total} 行のうち {self.rows} 行", f"{self.rows} rows of {self._total}"
                ),
                tried=tried,
            )
        try:
            rows = of_records(self._records, statement.columns)
        except pl.exceptions.PolarsError as error:
            # Its text quotes values.
            raise faults.implausible(
                Text("単一の値ではない値", "values that are no scalars"), tried=tried
            ) from error
        require_sound(rows, statement, tried=tried)
        self._records = []
        return rows

    def frame(self) -> pl.DataFrame:
        """All rows, when all announced rows have arrived."""
        return self.drain(is_last=True)
