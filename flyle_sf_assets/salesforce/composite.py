"""Several reads in one counted call: the Composite resource.

Source: REST API Developer Guide, "Composite": at most 25 subrequests, of which at most five
queries; the whole call counts once; each subrequest has its own status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.transport import Failed

SUBREQUESTS_MAX = 25
QUERIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Subrequest:
    """A GET of ``path`` (``/services/data/v…``) with headers of its own."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subanswer:
    """Status, headers and JSON body of one subrequest; a refusal is returned, not raised."""

    status: int
    headers: Mapping[str, Any]
    body: bytes

    def refusal(self, tried: Text) -> Exception | None:
        """The error of an answer that is a refusal, else None."""
        if self.status < HTTPStatus.MULTIPLE_CHOICES or self.status == HTTPStatus.NOT_MODIFIED:
            return None
        return faults.of_answer(self.status, self.body, tried=tried).error


class _Subresponse(msgspec.Struct, rename="camel"):
    http_status_code: int
    reference_id: str
    body: msgspec.Raw = msgspec.Raw(b"null")
    http_headers: dict[str, Any] = {}


class _Answer(msgspec.Struct, rename="camel"):
    composite_response: list[_Subresponse]


_ANSWER = msgspec.json.Decoder(_Answer)


def composite(
    session: OrgSession, subrequests: Sequence[Subrequest], *, tried: Text
) -> list[Subanswer]:
    """The answers in the order of the subrequests, by one counted call.

    When a subrequest is refused for a transient reason, the whole call is retried.
    IncompleteRead when an answer is missing.
    """
    if not 0 < len(subrequests) <= SUBREQUESTS_MAX:
        raise ValueError(f"a composite call takes 1 to {SUBREQUESTS_MAX} subrequests")
    body = {
        "allOrNone": False,
        "compositeRequest": [
            {
                "method": "GET",
                "url": subrequest.path,
                "referenceId": f"r{place}",
                **({"httpHeaders": dict(subrequest.headers)} if subrequest.headers else {}),
            }
            for place, subrequest in enumerate(subrequests)
        ],
    }
    return session.fetch(
        "POST",
        session.data_path("/composite"),
        lambda response: _answers(session, response.content, len(subrequests), tried),
        tried=tried,
        data=msgspec.json.encode(body),
        headers={"Content-Type": "application/json"},
    )


def _answers(session: OrgSession, body: bytes, expected: int, tried: Text) -> list[Subanswer]:
    answer = session.decoded(body, _ANSWER.decode, tried=tried)
    found = {sub.reference_id: sub for sub in answer.composite_response}
    missing = [f"r{place}" for place in range(expected) if f"r{place}" not in found]
    if missing:
        raise faults.cut_off(
            Text(
                f"一部の要求に応答がありません: {', '.join(missing)}",
                f"no answer to subrequests {', '.join(missing)}",
            ),
            tried=tried,
        )
    taken = []
    for place in range(expected):
        sub = found[f"r{place}"]
        subanswer = Subanswer(sub.http_status_code, sub.http_headers, bytes(sub.body))
        if subanswer.refusal(tried) is not None:
            fault = faults.of_answer(subanswer.status, subanswer.body, tried=tried)
            if fault.transient:
                raise Failed(fault)
        taken.append(subanswer)
    return taken
