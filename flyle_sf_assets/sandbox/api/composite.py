"""composite and composite/batch: several requests in one.

A composite counts as one call and may hold 25 subrequests, five of them queries; every
subrequest of a batch counts as one call. Source: REST API Developer Guide, "Composite", "Composite
Batch".
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flyle_sf_assets.sandbox.api.call import Answer, RestCall, refused
from flyle_sf_assets.sandbox.refusals import Refusal, not_found

SUBREQUESTS_MAX = 25
QUERIES_MAX = 5

Ask = Callable[[RestCall], Answer]
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")


def composite(ask: Ask, call: RestCall) -> Answer:
    """All subrequests in order; each may name results of earlier ones as ``@{ref.field}``."""
    body = _object(call)
    requests = _list(body, "compositeRequest")
    if sum(_is_query(str(r.get("url", ""))) for r in requests) > QUERIES_MAX:
        raise Refusal(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {QUERIES_MAX} query or sObject Collections operations "
            "in a composite request",
        )
    _check_references(requests)
    answers: dict[str, Answer] = {}
    known: dict[str, object] = {}
    for request in requests:
        reference = str(request["referenceId"])
        answers[reference] = answer = _answered(ask, call, request, known)
        known[reference] = (
            json.loads(answer.body) if isinstance(answer.body, bytes) and answer.body else None
        )
    if body.get("allOrNone") and any(a.failed for a in answers.values()):
        answers = {r: a if a.failed else _halted() for r, a in answers.items()}
    parts = [
        f'{{"body":{_text(answer)},"httpHeaders":{json.dumps(dict(answer.headers))},'
        f'"httpStatusCode":{answer.status},'
        f'"referenceId":{json.dumps(reference)}}}'
        for reference, answer in answers.items()
    ]
    return Answer(body=f'{{"compositeResponse":[{",".join(parts)}]}}'.encode())


def batch(ask: Ask, call: RestCall) -> Answer:
    """Independent subrequests, each with its own status."""
    body = _object(call)
    answers: list[Answer] = []
    for request in _list(body, "batchRequests"):
        if body.get("haltOnError") and any(a.failed for a in answers):
            answers.append(
                refused(
                    Refusal(
                        "BATCH_PROCESSING_HALTED", "Batch processing halted per request", status=412
                    )
                )
            )
            continue
        url = "/services/data/" + str(request.get("url", "")).lstrip("/")
        answers.append(_answered(ask, call, {**request, "url": url}, {}))
    parts = [f'{{"statusCode":{a.status},"result":{_text(a)}}}' for a in answers]
    failed = "true" if any(a.failed for a in answers) else "false"
    return Answer(body=f'{{"hasErrors":{failed},"results":[{",".join(parts)}]}}'.encode())


def batch_size(call: RestCall) -> int:
    """How many subrequests a batch has: it counts as that many calls."""
    return max(1, len(_list(_object(call), "batchRequests")))


def _object(call: RestCall) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict):
        raise Refusal("JSON_PARSER_ERROR", "The request body is not a JSON object")
    return body


def _list(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    requests = body.get(name)
    if not isinstance(requests, list) or not requests:
        raise Refusal("INVALID_INPUT", f"{name} has to be a list with at least one subrequest")
    if len(requests) > SUBREQUESTS_MAX:
        raise Refusal(
            "LIMIT_EXCEEDED",
            f"The maximum number of subrequests ({SUBREQUESTS_MAX}) is exceeded",
        )
    return requests


def _check_references(requests: list[dict[str, Any]]) -> None:
    references = [request.get("referenceId") for request in requests]
    for reference in references:
        if not isinstance(reference, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", reference):
            raise Refusal("INVALID_INPUT", f"Invalid referenceId: {reference}")
    if len(set(references)) < len(references):
        raise Refusal("INVALID_INPUT", "Duplicate referenceId")


def _is_query(url: str) -> bool:
    return re.match(r"/services/data/v[\d.]+/query(All)?(/|\?|$)", url) is not None


def _answered(
    ask: Ask, outer: RestCall, request: Mapping[str, Any], known: Mapping[str, object]
) -> Answer:
    try:
        return ask(_call(outer, request, known))
    except Refusal as refusal:
        return refused(refusal)


def _call(outer: RestCall, request: Mapping[str, Any], known: Mapping[str, object]) -> RestCall:
    url = _REFERENCE.sub(lambda found: _referenced(found, known), str(request.get("url", "")))
    parts = urlsplit(url)
    matched = re.fullmatch(r"/services/data/v(\d+\.\d)(/.*)", unquote(parts.path))
    if matched is None:
        raise not_found()
    body = request.get("body", request.get("richInput"))
    return RestCall(
        method=str(request.get("method", "GET")).upper(),
        version=matched.group(1),
        path=matched.group(2),
        parameters=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={k.lower(): str(v) for k, v in (request.get("httpHeaders") or {}).items()},
        body=b"" if body is None else json.dumps(body).encode(),
        user_id=outer.user_id,
    )


def _referenced(found: re.Match[str], known: Mapping[str, object]) -> str:
    reference, path = found.group(1), found.group(2)
    value: Any = known.get(reference)
    try:
        for name, index in re.findall(r"\.([A-Za-z0-9_]+)|\[(\d+)\]", path):
            value = value[int(index)] if index else value[name]
    except (KeyError, IndexError, TypeError):
        raise Refusal(
            "PROCESSING_HALTED", f"Invalid reference specified. No value for {found.group(0)} found"
        ) from None
    return str(value)


def _halted() -> Answer:
    return refused(
        Refusal(
            "PROCESSING_HALTED",
            "The transaction was rolled back since another operation in the same transaction "
            "failed.",
        )
    )


def _text(answer: Answer) -> str:
    if not isinstance(answer.body, bytes):
        raise TypeError("a streamed answer cannot be part of a composite")
    return answer.body.decode() or "null"
