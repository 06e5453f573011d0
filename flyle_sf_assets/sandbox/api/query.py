"""query and queryAll with their pages and locators.

A locator keeps the snapshot that its query saw: pages never repeat or skip a row. Source: REST API
Developer Guide, "Query", "Query More Results", "Query Options Header".
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.sandbox.api.call import Answer, RestCall
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.records.identifiers import record_id
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.rendering import json_groups, json_records
from flyle_sf_assets.sandbox.soql.execution import Result, execute

PAGE_ROWS_MAX = 2000
PAGE_ROWS_MIN = 200
_LOCATOR_LIVES = timedelta(days=2)
_CURSORS_MAX = 50


@dataclass(frozen=True, slots=True)
class _Cursor:
    result: Result
    opened_at: datetime


class Cursors:
    """The query locators of one org. The oldest is closed when there are too many."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._open: OrderedDict[str, _Cursor] = OrderedDict()
        self._made = 0

    def open(self, result: Result) -> str:
        """A locator for a result."""
        with self._org.lock:
            self._made += 1
            locator = record_id(self._org.locator_prefix, self._org.org_number, self._made)
            self._open[locator] = _Cursor(result, self._org.now())
            if len(self._open) > _CURSORS_MAX:
                self._open.popitem(last=False)
            return locator

    def result(self, locator: str) -> Result:
        """The result behind a locator; Refusal INVALID_QUERY_LOCATOR when it is unknown."""
        with self._org.lock:
            cursor = self._open.get(locator)
            if cursor is None or self._org.now() > cursor.opened_at + _LOCATOR_LIVES:
                raise lost_locator()
            return cursor.result


def lost_locator() -> Refusal:
    """400 INVALID_QUERY_LOCATOR."""
    return Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")


def query(org: Org, cursors: Cursors, call: RestCall, *, include_deleted: bool) -> Answer:
    """The first page of a query."""
    text = call.parameters.get("q")
    if text is None:
        raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
    result = execute(org, text, include_deleted=include_deleted, user=call.user_id or None)
    return _page(org, cursors, call, result, 0, None)


def query_more(org: Org, cursors: Cursors, call: RestCall, tail: str) -> Answer:
    """The page that ``<locator>-<offset>`` names."""
    locator, _, offset = tail.partition("-")
    result = cursors.result(locator)
    if not offset.isdigit() or int(offset) >= max(1, result.total):
        raise lost_locator()
    return _page(org, cursors, call, result, int(offset), locator)


def _page_rows(org: Org, call: RestCall) -> int:
    most = min(org.rest_page_rows, PAGE_ROWS_MAX)
    for option in call.headers.get("sforce-query-options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize":
            if not value.strip().isdigit() or not PAGE_ROWS_MIN <= int(value) <= PAGE_ROWS_MAX:
                raise Refusal(
                    "INVALID_BATCH_SIZE",
                    "The batch size must be between 200 and 2000",
                )
            most = min(most, int(value))
    return most


def _page(
    org: Org, cursors: Cursors, call: RestCall, result: Result, start: int, locator: str | None
) -> Answer:
    rows = _page_rows(org, call)
    end = min(start + rows, result.total)
    if result.groups is not None:
        if result.total > rows:
            raise Refusal(
                "EXCEEDED_ID_LIMIT",
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
                "to a single batch",
            )
        records = json_groups(result.groups)
    elif result.columns:
        records = json_records(result.columns, result.chunk(start, end), call.version)
    else:
        records, end = [], result.total
    org.count_rows(len(records))
    more = ""
    if end < result.total:
        locator = locator or cursors.open(result)
        more = f'"nextRecordsUrl":"/services/data/v{call.version}/query/{locator}-{end}",'
    done = "true" if end >= result.total else "false"
    text = f'{{"totalSize":{result.total},"done":{done},{more}"records":[{",".join(records)}]}}'
    return Answer(body=text.encode())
