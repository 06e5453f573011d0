"""getUpdated and getDeleted: ids that changed in a span of time.

Source: REST API Developer Guide, "Get Updated", "Get Deleted"; SOAP API Developer Guide, "Data
Replication". A purged record is in neither. What does not belong here: the records themselves.
"""

from datetime import UTC, datetime, timedelta

from flyle_sf_assets.sandbox.api.call import Answer, RestCall, json_answer
from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.metadata import SObject
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql.execution import execute

_REACHES_BACK = timedelta(days=30)


def updated(org: Org, call: RestCall, sobject: SObject) -> Answer:
    """Ids of the records changed between ``start`` and ``end``, without deleted ones."""
    start, end = _span(org, call)
    ids = [record for record, _, deleted in _changed(org, sobject, start, end) if not deleted]
    return json_answer({"ids": ids, "latestDateCovered": _json_stamp(end)})


def deleted(org: Org, call: RestCall, sobject: SObject) -> Answer:
    """Ids and times of the records put into the Recycle Bin between ``start`` and ``end``."""
    start, end = _span(org, call)
    gone = [
        {"id": record, "deletedDate": stamp[:-1] + "+0000"}
        for record, stamp, is_deleted in _changed(org, sobject, start, end)
        if is_deleted
    ]
    return json_answer(
        {
            "deletedRecords": gone,
            "earliestDateAvailable": _json_stamp(org.now() - _REACHES_BACK),
            "latestDateCovered": _json_stamp(end),
        }
    )


def _changed(
    org: Org, sobject: SObject, start: datetime, end: datetime
) -> list[tuple[str, str, bool]]:
    query = (
        f"SELECT Id, SystemModstamp, IsDeleted FROM {sobject.name} WHERE SystemModstamp >= "  # noqa: S608 - no SQL
        f"{wire_datetime(start)} AND SystemModstamp < {wire_datetime(end)}"
    )
    result = execute(org, query, include_deleted=True)
    chunk = result.chunk(0, result.total)
    columns = (chunk.values(column.bound) for column in result.columns)
    return [
        (str(record), str(stamp), deleted == "true")
        for record, stamp, deleted in zip(*columns, strict=True)
    ]


def _span(org: Org, call: RestCall) -> tuple[datetime, datetime]:
    start, end = (_moment(call.parameters.get(name)) for name in ("start", "end"))
    if end <= start or start < org.now() - _REACHES_BACK:
        raise Refusal("INVALID_REPLICATION_DATE", "start date before org replication window or end")
    return start, min(end, org.now().replace(microsecond=0) + timedelta(seconds=1))


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").replace(" ", "+"))
    except ValueError:
        raise Refusal("INVALID_REPLICATION_DATE", f"not a date: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json_stamp(moment: datetime) -> str:
    return wire_datetime(moment)[:-1] + "+0000"
