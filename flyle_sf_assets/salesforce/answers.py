"""Whether an answer is plausible, checked where it is read: its JSON, its columns, its ids.

A page that fails is an incomplete read: nothing of it is used. No error names a value of it. What
does not belong here: how much is read (``bounds.py``), what a refusal means
(``errors/classification.py``) and whether a value has its field's type (``companies``: that costs
one value, not a read). Source: Object Reference, "ID Field Type", "System Fields".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
import polars as pl

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.id_columns import has_valid_id
from flyle_sf_assets.salesforce.soql import Statement

T = TypeVar("T")
Tree = Mapping[str, Any]

_JOB_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_COUNT = re.compile(r"[0-9]{1,12}")
_NEXT_PAGE = re.compile(r"/services/data/v[0-9]{2,3}\.0/query(?:All)?/[A-Za-z0-9_-]{1,120}")
_LOCATOR = re.compile(r"[A-Za-z0-9+/=_.-]{1,250}")
_DECODE_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_STRUCTURE = (b"{", b"[", b",")


def decoded(body: bytes, decode: Callable[[bytes], T], *, values_max: int, tried: Text) -> T:
    """The result of ``decode`` (of a msgspec decoder) for a JSON body.

    IncompleteRead when it is not JSON of that shape, is nested too deeply, or has more than
    ``values_max`` members and elements.
    """
    if len(body) > values_max and sum(map(body.count, _STRUCTURE)) > values_max:
        raise faults.too_large(
            Text(f"値が {values_max} 個を超えています", f"more than {values_max} values"),
            tried=tried,
        )
    try:
        return decode(body)
    except _DECODE_FAULTS as error:
        raise faults.unreadable(
            Text(f"{len(body)} バイト: 「{error}」", f"{len(body)} bytes: “{error}”"), tried=tried
        ) from error


def require_columns(records: Sequence[Any], tree: Tree, *, tried: Text, at: str = "") -> None:
    """IncompleteRead unless every record has every column of the tree (`frames.tree_of`)."""
    names = frozenset(tree)
    if not all(isinstance(record, dict) for record in records):
        raise faults.implausible(
            Text(
                f"{at or 'レコード'} がオブジェクトではありません",
                f"{at or 'a record'} is no object",
            ),
            tried=tried,
        )
    if not all(map(names.issubset, records)):
        absent = sorted({name for record in records for name in names - record.keys()})
        shown = ", ".join(f"{at}{name}" for name in absent[:5])
        raise faults.implausible(
            Text(f"列 {shown} のないレコードがあります", f"records without the column {shown}"),
            tried=tried,
        )
    for name, below in tree.items():
        if below:
            parents = [one for one in map(itemgetter(name), records) if one is not None]
            require_columns(parents, below, tried=tried, at=f"{at}{name}.")


def require_sound(rows: pl.DataFrame, statement: Statement, *, tried: Text) -> None:
    """IncompleteRead unless every row of the frame (all columns String) can be a record.

    Each Id is unique, of the statement's object, and has 18 characters with the right checksum;
    lookups are blank or such ids; SystemModstamp is a datetime, IsDeleted true or false.
    """
    if rows.is_empty():
        return
    checks = {name: check for name, check in _checks(statement).items() if name in rows.columns}
    if not checks:
        return
    wrong = rows.select((~check).sum().alias(name) for name, check in checks.items()).row(0)
    for name, count in zip(checks, wrong, strict=True):
        if count:
            what = Text(
                f"{rows.height} 行のうち {count} 行の {name} が正しい形式ではありません",
                f"{name} of {count} of {rows.height} rows cannot be one",
            )
            raise faults.implausible(what, tried=tried)
    if "Id" in rows.columns and rows["Id"].n_unique() != rows.height:
        raise faults.implausible(
            Text("同じ Id が複数あります", "the same Id more than once"), tried=tried
        )


def _checks(statement: Statement) -> dict[str, pl.Expr]:
    """By column: whether a row's value is plausible; never null."""
    checks = {name: has_valid_id(name) | pl.col(name).is_null() for name in statement.id_columns}
    own = has_valid_id("Id")
    if statement.key_prefix is not None:
        own &= pl.col("Id").str.starts_with(statement.key_prefix).fill_null(value=False)
    # REST writes +0000, Bulk Z.
    moment = (
        pl.col("SystemModstamp")
        .str.replace(r"(Z|\+00:?00)$", "+0000")
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False)
    )
    return checks | {
        "Id": own,
        "SystemModstamp": moment.is_not_null(),
        "IsDeleted": pl.col("IsDeleted").is_in(["true", "false"]).fill_null(value=False),
    }


def job_id(text: str, *, tried: Text) -> str:
    """The id of a Bulk job: letters and digits only, because it becomes part of a URL."""
    return _matching(_JOB_ID, text, "job id", tried)


def locator(text: str, *, tried: Text) -> str:
    """The name of a Bulk result's next page."""
    return _matching(_LOCATOR, text, "Sforce-Locator", tried)


def next_page(path: str | None, *, tried: Text) -> str:
    """The URL path of a REST result's next page."""
    return _matching(_NEXT_PAGE, path or "", "nextRecordsUrl", tried)


def count(text: str) -> int | None:
    """A number of rows from a header; None for anything else."""
    return int(text) if _COUNT.fullmatch(text) else None


def _matching(pattern: re.Pattern[str], text: str, what: str, tried: Text) -> str:
    if not pattern.fullmatch(text):
        raise faults.implausible(
            Text(
                f"{what} が正しい形式ではありません({len(text)} 文字)",
                f"{what} cannot be one ({len(text)} characters)",
            ),
            tried=tried,
        )
    return text
