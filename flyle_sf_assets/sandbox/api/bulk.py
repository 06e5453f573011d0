"""Bulk API 2.0 query jobs.

A job sees the org at its creation; its pages can be read repeatedly, by
locators that do not change. Source: Bulk API 2.0 Developer Guide, "Query Jobs", "Get Results
for a Query Job", "SOQL Considerations". What does not belong here: ingest jobs.
"""

import base64
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flyle_sf_assets.sandbox.api.call import CSV, Answer, RestCall, json_answer
from flyle_sf_assets.sandbox.api.query import lost_locator
from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.metadata import COMPOUND_TYPES
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.records.identifiers import canonical, record_id
from flyle_sf_assets.sandbox.refusals import Refusal, method_not_allowed
from flyle_sf_assets.sandbox.rendering import csv_header, csv_rows
from flyle_sf_assets.sandbox.soql import syntax as s
from flyle_sf_assets.sandbox.soql.aggregates import is_aggregate
from flyle_sf_assets.sandbox.soql.execution import Result, execute
from flyle_sf_assets.sandbox.soql.grammar import parse

_DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
_LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
_UNSUPPORTED = frozenset({"AccountHistory"})
_CHUNK_ROWS = 5000
_RESULTS_LIVE = timedelta(days=7)
_FINISHED = ("JobComplete", "Aborted", "Failed")


@dataclass
class Job:
    """One query job. ``fault`` is how it will fail, if it will."""

    id: str
    operation: str
    object_name: str
    user_id: str
    created_at: datetime
    version: str
    delimiter: str
    line_end: str
    result: Result
    delay_s: float
    fault: Fault | None = None
    aborted: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def state(self) -> str:
        """UploadComplete, then InProgress, then the final state."""
        if self.aborted:
            return "Aborted"
        elapsed = time.monotonic() - self.began
        if elapsed < self.delay_s / 2:
            return "UploadComplete"
        if elapsed < self.delay_s:
            return "InProgress"
        if self.fault is None:
            return "JobComplete"
        return "Aborted" if self.fault.kind == FaultKind.JOB_ABORTED else "Failed"

    @property
    def error_message(self) -> str:
        """Why it failed."""
        recorded = self.fault.words if self.fault is not None else ""
        return recorded or "TXN_LIMIT_EXCEEDED: job ran into a limit (sandbox fault)"


class Jobs:
    """The query jobs of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, Job] = {}
        self._made = 0

    def answer(self, call: RestCall, rest: tuple[str, ...], fault: Fault | None) -> Answer:
        """The answer to a request below ``/jobs/query``."""
        match call.method, rest:
            case "POST", ():
                return self._create(call, fault)
            case "GET", ():
                return json_answer(
                    {
                        "done": True,
                        "records": [self._short(j) for j in self._jobs.values()],
                        "nextRecordsUrl": None,
                    }
                )
            case "GET", (job,):
                return json_answer(self._full(self._find(job)))
            case "PATCH", (job,):
                return self._abort(call, self._find(job))
            case "DELETE", (job,):
                return self._delete(self._find(job))
            case "GET", (job, "results"):
                return self._results(call, self._find(job), fault)
            case _:
                raise method_not_allowed(call.method, "GET, POST, PATCH, DELETE")

    def open_jobs(self) -> int:
        """How many jobs have not been deleted."""
        return len(self._jobs)

    def _create(self, call: RestCall, fault: Fault | None) -> Answer:
        body = call.json()
        if not isinstance(body, dict) or body.get("operation") not in ("query", "queryAll"):
            raise Refusal("INVALIDJOB", "operation has to be query or queryAll")
        text = str(body.get("query") or "")
        _check(parse(text))
        result = execute(self._org, text, include_deleted=body["operation"] == "queryAll")
        if any(column.bound.field.type in COMPOUND_TYPES for column in result.columns):
            raise Refusal(
                "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query"
            )
        if any(column.bound.field.type == "base64" for column in result.columns):
            raise Refusal("FEATURENOTENABLED", "Binary fields are not supported in Bulk Query")
        if result.sobject.name in _UNSUPPORTED:
            raise Refusal(
                "INVALIDENTITY", f"Entity '{result.sobject.name}' is not supported by the Bulk API."
            )
        with self._org.lock:
            self._made += 1
            job = Job(
                id=record_id("750", self._org.org_number, self._made),
                operation=body["operation"],
                object_name=result.sobject.name,
                user_id=call.user_id,
                created_at=self._org.now(),
                version=call.version,
                delimiter=_option(body, "columnDelimiter", "COMMA", _DELIMITERS),
                line_end=_option(body, "lineEnding", "LF", _LINE_ENDS),
                result=result,
                delay_s=self._org.bulk_delay_s,
                fault=fault if fault is not None and fault.dooms_job else None,
            )
            self._jobs[job.id] = job
        # Recorded: the answer to the creation alone has no jobType.
        told = {name: value for name, value in self._short(job).items() if name != "jobType"}
        return json_answer(told | {"state": "UploadComplete"})

    def _find(self, job_id: str) -> Job:
        job = self._jobs.get(canonical(job_id) or "")
        if job is None or self._org.now() > job.created_at + _RESULTS_LIVE:
            raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
        return job

    def _short(self, job: Job) -> dict[str, Any]:
        stamp = wire_datetime(job.created_at)[:-1] + "+0000"
        return {
            "id": job.id,
            "operation": job.operation,
            "object": job.object_name,
            "createdById": job.user_id,
            "createdDate": stamp,
            "systemModstamp": stamp,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "lineEnding": job.line_end,
            "columnDelimiter": job.delimiter,
            "jobType": "V2Query",
        }

    def _full(self, job: Job) -> dict[str, Any]:
        state = job.state
        info = self._short(job) | {
            "state": state,
            "retries": 0,
            "totalProcessingTime": 10,
            "isPkChunkingSupported": True,
            "numberRecordsProcessed": job.result.total if state == "JobComplete" else 0,
        }
        if state == "Failed":
            info["errorMessage"] = job.error_message
        return info

    def _abort(self, call: RestCall, job: Job) -> Answer:
        body = call.json()
        if not isinstance(body, dict) or body.get("state") != "Aborted":
            raise Refusal("API_ERROR", "The only state that a query job can be set to is Aborted")
        if job.state in _FINISHED:
            raise Refusal("API_ERROR", f"Aborting a job in state {job.state} is not allowed")
        job.aborted = True
        return json_answer(self._short(job))

    def _delete(self, job: Job) -> Answer:
        if job.state not in _FINISHED:
            raise Refusal("API_ERROR", f"Deleting a job in state {job.state} is not allowed")
        del self._jobs[job.id]
        return Answer(204)

    def _results(self, call: RestCall, job: Job, fault: Fault | None) -> Answer:
        if job.state != "JobComplete":
            raise Refusal("API_ERROR", f"Results of a job in state {job.state} are not available")
        if call.version != job.version:
            raise Refusal(
                "INVALIDVERSION", "use the version that the job was created with", status=409
            )
        start = _position(call.parameters.get("locator"), job)
        wanted = call.parameters.get("maxRecords", str(self._org.bulk_page_rows))
        if not wanted.isdigit() or int(wanted) < 1:
            raise Refusal("INVALID_VALUE", "maxRecords has to be a positive number")
        end = min(start + int(wanted), job.result.total)
        rows = end - start
        self._org.count_rows(rows)
        wrong = 7 if fault is not None and fault.kind == FaultKind.WRONG_ROW_COUNT else 0
        headers = {
            "Sforce-NumberOfRecords": str(rows + wrong),
            "Sforce-Locator": _locator(end) if end < job.result.total else "null",
        }
        body = _csv(job, start, end)
        if "gzip" in call.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = _gzip(body)
        return Answer(body=body, content_type=CSV, headers=headers)


def _check(query: s.Query) -> None:
    if is_aggregate(query):
        raise Refusal(
            "MALFORMED_QUERY", "Aggregate functions and GROUP BY are not supported in Bulk Query"
        )
    if query.offset is not None:
        raise Refusal("MALFORMED_QUERY", "OFFSET is not supported in Bulk Query")
    for item in query.select:
        if isinstance(item.what, s.TypeOf):
            raise Refusal("MALFORMED_QUERY", "TYPEOF is not supported in Bulk Query")
        if isinstance(item.what, s.Query):
            raise Refusal(
                "MALFORMED_QUERY",
                "Nested (parent-to-child) queries are not supported in Bulk Query",
            )


def _option(body: dict[str, Any], name: str, default: str, known: dict[str, str]) -> str:
    value = str(body.get(name) or default)
    if value not in known:
        raise Refusal("INVALIDJOB", f"{name} has to be one of {', '.join(known)}")
    return value


def _locator(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _position(locator: str | None, job: Job) -> int:
    if locator is None:
        return 0
    try:
        padded = locator + "=" * (-len(locator) % 4)
        position = int(base64.urlsafe_b64decode(padded))
    except ValueError:
        raise lost_locator() from None
    if not 0 < position < job.result.total:
        raise lost_locator()
    return position


def _csv(job: Job, start: int, end: int) -> Iterator[bytes]:
    delimiter, line_end = _DELIMITERS[job.delimiter], _LINE_ENDS[job.line_end]
    columns = job.result.columns
    yield csv_header(columns, delimiter, line_end).encode()
    for at in range(start, end, _CHUNK_ROWS):
        chunk = job.result.chunk(at, min(at + _CHUNK_ROWS, end))
        yield csv_rows(columns, chunk, delimiter, line_end).encode()


def _gzip(parts: Iterator[bytes]) -> Iterator[bytes]:
    squeezer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for part in parts:
        squeezed = squeezer.compress(part)
        if squeezed:
            yield squeezed
    yield squeezer.flush()
