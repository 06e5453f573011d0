"""Which resource a path means, and what kind of call it counts as.

What does not belong here: what a resource does (its own file), and tokens (``front.py``).
"""

from flyle_sf_assets.sandbox.api import composite, metadata, query
from flyle_sf_assets.sandbox.api.bulk import Jobs
from flyle_sf_assets.sandbox.api.call import Answer, RestCall
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal, not_found

_JOB_KINDS = {
    "POST": "bulk_create", "PATCH": "bulk_abort", "DELETE": "bulk_delete", "GET": "bulk_status",
}


class Resources:
    """All that one org answers below ``/services/data/vNN.0``."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.cursors = query.Cursors(org)
        self.jobs = Jobs(org)

    def answer(self, call: RestCall, fault: Fault | None = None) -> Answer:
        """The answer to a call; Refusal when there is none. ``fault`` is one to be committed here."""
        if call.version not in metadata.VERSIONS:
            raise not_found()
        match tuple(part for part in call.path.split("/") if part):
            case ():
                return metadata.resources(call)
            case ("limits",):
                return metadata.limits(self.org)
            case ("sobjects",):
                return metadata.describe_global(self.org, call)
            case ("sobjects", name, *rest):
                return metadata.sobject_resource(self.org, call, name, tuple(rest))
            case ("query",):
                return query.query(self.org, self.cursors, call, include_deleted=False)
            case ("queryAll",):
                return query.query(self.org, self.cursors, call, include_deleted=True)
            case ("query" | "queryAll", tail):
                if fault is not None and fault.kind == FaultKind.LOCATOR_LOST:
                    raise query.lost_locator()
                return query.query_more(self.org, self.cursors, call, tail)
            case ("composite",) if call.method == "POST":
                return composite.composite(self.answer, call)
            case ("composite", "batch") if call.method == "POST":
                return composite.batch(self.answer, call)
            case ("jobs", "query", *rest):
                if fault is not None and fault.kind == FaultKind.LOCATOR_LOST:
                    raise query.lost_locator()
                return self.jobs.answer(call, tuple(rest), fault)
            case _:
                raise not_found()

    def count(self, call: RestCall) -> None:
        """Count a call as Salesforce would; Refusal 403 when the allowance is used up."""
        self.org.count_call(_kind(call), self._calls(call))

    def _calls(self, call: RestCall) -> int:
        if call.path.rstrip("/") != "/composite/batch":
            return 1
        try:
            return composite.batch_size(call)
        except Refusal:
            return 1


def _kind(call: RestCall) -> str:
    match tuple(part for part in call.path.split("/") if part):
        case ():
            return "versions"
        case ("query" | "queryAll", _):
            return "query_more"
        case ("composite", "batch"):
            return "composite_batch"
        case ("sobjects", _, "describe"):
            return "describe"
        case ("jobs", "query", _, "results"):
            return "bulk_results"
        case ("jobs", "query", *_):
            return _JOB_KINDS.get(call.method, "bulk_status")
        case (first, *_):
            return str(first)
    return "other"
