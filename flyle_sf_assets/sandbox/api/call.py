"""A request to a resource and its answer, as values: composite makes them without HTTP."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flyle_sf_assets.sandbox.refusals import Refusal

JSON = "application/json;charset=UTF-8"
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class RestCall:
    """One request. ``path`` begins after the version: ``/query``; header names are lower-case."""

    method: str
    version: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    user_id: str

    def json(self) -> object:
        """The body as JSON; Refusal 400 JSON_PARSER_ERROR when it is not JSON."""
        try:
            return json.loads(self.body or b"null")
        except ValueError as problem:
            raise Refusal("JSON_PARSER_ERROR", f"{problem}") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. A body that is an iterator is sent in chunks."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the status is an error."""
        return self.status >= HTTPStatus.BAD_REQUEST


def json_answer(body: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def refused(refusal: Refusal) -> Answer:
    """The answer for a refusal."""
    return json_answer(refusal.body(), refusal.status)
