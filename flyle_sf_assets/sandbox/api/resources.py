"""Which resource a path means, and what kind of call it counts as.

What does not belong here: what a resource does (its own file), and tokens (``sandbox/front.py``).
"""

from flyle_sf_assets.sandbox.api import composite, metadata, query
from flyle_sf_assets.sandbox.api.bulk import Jobs
from flyle_sf_assets.sandbox.api.call import Answer, RestCall
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import method_not_allowed, not_found

_JOB_KINDS = {
    "POST": "bulk_create",
    "PATCH": "bulk_abort",
    "DELETE": "bulk_delete",
    "GET": "bulk_status",
}

Rest = tuple[str, ...]


class Resources:
    """All resources of one org below ``/services/data/vNN.0``."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.cursors = query.Cursors(org)
        self.jobs = Jobs(org)

    def answer(self, call: RestCall, fault: Fault | None = None) -> Answer:
        """The answer to a call; Refusal when there is none.

        ``fault`` is one that a resource itself produces: a failing job, a lost locator.
        """
        if call.version not in metadata.VERSIONS:
            raise not_found()
        name, rest = _split(call.path)
        match name:
            case "query" | "queryAll":
                return self._query(call, rest, fault, include_deleted=name == "queryAll")
            case "composite":
                return self._composite(call, rest)
            case "jobs" if rest[:1] == ("query",):
                return self._jobs(call, rest[1:], fault)
            case _:
                return self._metadata(call, name, rest)

    def count(self, call: RestCall) -> None:
        """Count a call as Salesforce would; Refusal 403 when the allowance is used up."""
        calls = composite.batch_size(call) if call.path.rstrip("/") == "/composite/batch" else 1
        self.org.count_call(_kind(call), calls)

    def _metadata(self, call: RestCall, name: str, rest: Rest) -> Answer:
        if name in ("sobjects", "limits", ""):
            _only(call, "GET")
        if name == "sobjects" and rest:
            return metadata.sobject_resource(self.org, call, rest[0], rest[1:])
        if rest:
            raise not_found()
        if name == "sobjects":
            return metadata.describe_global(self.org, call)
        if name == "limits":
            return metadata.limits(self.org)
        if name:
            raise not_found()
        return metadata.resources(self.org, call)

    def _query(
        self, call: RestCall, rest: Rest, fault: Fault | None, *, include_deleted: bool
    ) -> Answer:
        _only(call, "GET")
        if not rest:
            return query.query(self.org, self.cursors, call, include_deleted=include_deleted)
        _lose_locator(fault)
        return query.query_more(self.org, self.cursors, call, rest[0])

    def _composite(self, call: RestCall, rest: Rest) -> Answer:
        _only(call, "POST")
        if not rest:
            return composite.composite(self.answer, call)
        if rest == ("batch",):
            return composite.batch(self.answer, call)
        raise not_found()

    def _jobs(self, call: RestCall, rest: Rest, fault: Fault | None) -> Answer:
        _lose_locator(fault)
        return self.jobs.answer(call, rest, fault)


def _split(path: str) -> tuple[str, Rest]:
    parts = tuple(part for part in path.split("/") if part)
    return (parts[0], parts[1:]) if parts else ("", ())


def _only(call: RestCall, method: str) -> None:
    if call.method != method:
        raise method_not_allowed(call.method, method)


def _lose_locator(fault: Fault | None) -> None:
    if fault is not None and fault.kind == FaultKind.LOCATOR_LOST:
        raise query.lost_locator()


def _kind(call: RestCall) -> str:
    """The kind of a request in the counters."""
    name, rest = _split(call.path)
    if name == "jobs":
        return "bulk_results" if rest[2:] == ("results",) else _JOB_KINDS.get(call.method, name)
    if name == "sobjects" and rest[1:2]:
        return rest[1] if rest[1] in ("describe", "updated", "deleted") else "record"
    if name in ("query", "queryAll") and rest:
        return "query_more"
    if name == "composite" and rest:
        return "composite_batch"
    return name or "versions"
