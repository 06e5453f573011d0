"""The control endpoints: what other processes may read and change in the orgs.

Every request carries ``Authorization: Bearer <control token>``. No Salesforce org has these. What
does not belong here: the changes themselves (``org.py``).
"""

import hmac
import json
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.front import Front
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal

MUTATIONS = frozenset(
    {
        "insert",
        "update",
        "mass_update",
        "upsert",
        "set_computed",
        "touch",
        "delete",
        "undelete",
        "hard_delete",
        "empty_recycle_bin",
        "merge",
        "remove_field",
        "rename_field",
        "relabel_field",
        "add_option",
        "relabel_option",
        "deactivate_option",
        "reactivate_option",
        "remove_option",
        "hide_field",
        "show_field",
        "hide_object",
        "show_object",
        "hide_record",
        "show_record",
        "deactivate_user",
        "activate_user",
        "revoke_tokens",
        "expire_sessions",
        "set_api_enabled",
        "set_api_limit",
        "set_clock_skew",
        "new_consumer_key",
        "ids",
        "record",
    }
)


def counters(org: Org) -> dict[str, object]:
    """API calls as Salesforce counts them, requests by kind, rows sent."""
    return {
        "org": org.name,
        "org_id": org.org_id,
        "api_calls": org.usage.total,
        "api_calls_24h": org.usage.used(org.now()),
        "daily_max": org.usage.daily_max,
        "rows_sent": org.usage.rows_sent,
        "requests": dict(org.usage.by_kind),
        "faults_pending": len(org.faults.pending()),
    }


def control_routes(front: Front, control_token: str) -> Sequence[Route]:
    """The routes below ``/sandbox``."""

    def guarded(action: Callable[[Request, Org, bytes], object]) -> Callable[..., object]:
        async def endpoint(request: Request) -> Response:
            if not _allowed(request, control_token):
                return JSONResponse({"error": "control token missing or wrong"}, 401)
            org = next((o for o in front.orgs if o.name == request.path_params["org"]), None)
            if org is None:
                return JSONResponse({"error": "no such org"}, 404)
            body = await request.body()
            try:
                result = await run_in_threadpool(action, request, org, body)
            except (Refusal, ValueError, KeyError, TypeError) as problem:
                return JSONResponse({"error": str(problem)}, 400)
            return Response(
                json.dumps(result, default=str, ensure_ascii=False), media_type="application/json"
            )

        return endpoint

    async def orgs(request: Request) -> Response:
        if not _allowed(request, control_token):
            return JSONResponse({"error": "control token missing or wrong"}, 401)
        return JSONResponse([counters(org) for org in front.orgs])

    return [
        Route("/sandbox/orgs", orgs),
        Route("/sandbox/orgs/{org}", guarded(lambda _r, org, _b: counters(org))),
        Route("/sandbox/orgs/{org}/apply", guarded(_apply), methods=["POST"]),
        Route("/sandbox/orgs/{org}/faults", guarded(_fault), methods=["POST"]),
        Route("/sandbox/orgs/{org}/faults", guarded(_clear), methods=["DELETE"]),
    ]


def _allowed(request: Request, control_token: str) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), control_token.encode())


def _apply(_request: Request, org: Org, body: bytes) -> object:
    """``{"do": "update", "args": ["Account", "001…", {"Name": "…"}], "options": {}}``."""
    order = json.loads(body)
    name = order["do"]
    if name not in MUTATIONS:
        raise ValueError(f"{name} is not one of {', '.join(sorted(MUTATIONS))}")
    return {"result": getattr(org, name)(*order.get("args", ()), **order.get("options", {}))}


def _fault(_request: Request, org: Org, body: bytes) -> object:
    """``{"kind": "reset", "path_prefix": "/query", "times": 2, …}``: the fields of `Fault`."""
    order = json.loads(body)
    fault = org.faults.add(Fault(**{**order, "kind": FaultKind(order["kind"])}))
    return {"planned": fault.kind.value}


def _clear(_request: Request, org: Org, _body: bytes) -> object:
    org.faults.clear()
    return {"cleared": True}
