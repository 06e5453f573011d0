"""Records as Salesforce sends them, as polars frames in which every column is text."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

Tree = dict[str, Any]


def text_schema(columns: Sequence[str]) -> pl.Schema:
    """Every column a String."""
    return pl.Schema(dict.fromkeys(columns, pl.String))


def of_records(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pl.DataFrame:
    """REST records (decoded with floats as their text) as a frame of these columns, all String.

    Parents' fields are read from the nested objects and named by their path (``Account.Name``);
    without a parent they are null. Booleans are ``true`` and ``false``. Every record has
    every column (`answers.require_columns`). polars' ComputeError for a value that is no scalar.
    """
    if not records:
        return _without_rows(tuple(columns)).clone()
    tree = tree_of(columns)
    nested = pl.from_dicts(records, schema={name: _type(below) for name, below in tree.items()})
    return nested.select([_at(path) for path in columns])


@lru_cache(maxsize=256)
def _without_rows(columns: tuple[str, ...]) -> pl.DataFrame:
    """Most answers of a poll are empty; making the columns takes polars 0.3 ms."""
    return pl.DataFrame(schema=text_schema(columns))


def csv_to_parquet(
    csv_file: Path,
    parquet_file: Path,
    columns: Sequence[str],
    check: Callable[[pl.DataFrame], None] | None = None,
    rows_max: int | None = None,
) -> int:
    """A Bulk 2.0 result page as Parquet with these columns, all String; the number of its rows.

    Bulk quotes every value and does not distinguish blank from empty: both are null. One page is
    in memory; ``check`` checks its rows before they are written. At most ``rows_max`` + 1 rows are
    read. ValueError when the header has other columns; polars' ComputeError when it is no CSV.
    """
    if csv_file.stat().st_size == 0:
        pl.DataFrame(schema=text_schema(columns)).write_parquet(parquet_file)
        return 0
    _require_short_header(csv_file, columns)
    page = pl.scan_csv(
        csv_file,
        infer_schema=False,
        null_values=[""],
        raise_if_empty=False,
        glob=False,
        n_rows=None if rows_max is None else rows_max + 1,
    )
    header = page.collect_schema().names()
    if [name.lower() for name in header] != [name.lower() for name in columns]:
        raise ValueError(f"columns {header} instead of {list(columns)}")
    renamed = page.rename(dict(zip(header, columns, strict=True)))
    # No sink: its writer may still create the file after an error during the write.
    rows = renamed.collect(engine="streaming")
    if check is not None:
        check(rows)
    rows.write_parquet(parquet_file, compression="zstd", compression_level=1)
    return rows.height


def _require_short_header(csv_file: Path, columns: Sequence[str]) -> None:
    """ValueError for a first line with other columns: polars needs minutes for millions of them."""
    longest = sum(len(name.encode()) + 4 for name in columns) + 4
    with csv_file.open("rb") as handle:
        if len(handle.readline(longest + 1)) > longest:
            raise ValueError("a header longer than its columns")


def tree_of(columns: Sequence[str]) -> Tree:
    """``Account.Owner.Name`` as ``{"Account": {"Owner": {"Name": {}}}}``."""
    tree: Tree = {}
    for path in columns:
        branch = tree
        for step in path.split("."):
            branch = branch.setdefault(step, {})
    return tree


def _type(below: Tree) -> pl.DataType:
    if not below:
        return pl.String()
    return pl.Struct({name: _type(deeper) for name, deeper in below.items()})


def _at(path: str) -> pl.Expr:
    first, *rest = path.split(".")
    column = pl.col(first)
    for step in rest:
        column = column.struct.field(step)
    return column.alias(path)
