"""The table of all mutations: a kind of change at an endpoint, each with a name.

What does not belong here: which command meets them (``trials.py``).
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flyle_sf_assets_tests.hostile import csv_mutations
from flyle_sf_assets_tests.hostile.json_mutations import CHANGES, Change, changed_somewhere, written
from flyle_sf_assets_tests.hostile.lies import DESCRIBES, RECORDS, Lie
from flyle_sf_assets_tests.hostile.tampering import Answer

Alter = Callable[[Answer, random.Random], Answer]

JSON = ("token", "count", "query", "locator", "bulk_create", "bulk_poll", "permissions")
"""Endpoints whose answer is one JSON object; those of ``PARTS`` stand in a composite one."""
PARTS = ("describe", "composite_query")
MIB = 1 << 20


@dataclass(frozen=True)
class Mutation:
    """One way in which the answers of an endpoint are wrong."""

    endpoint: str
    kind: str
    alter: Alter

    @property
    def name(self) -> str:
        """``query: id null``."""
        return f"{self.endpoint}: {self.kind}"

    @property
    def at(self) -> str:
        """The endpoint whose answer it is, on the wire."""
        return "composite" if self.endpoint in PARTS else self.endpoint


def _somewhere(change: Change, endpoint: str) -> Alter:
    def alter(answer: Answer, rng: random.Random) -> Answer:
        def body(tree: Any) -> Any:
            return changed_somewhere(tree, change, rng)

        return _in_json(answer, body, endpoint, rng)

    return alter


def _lie(lie: Lie, endpoint: str) -> Alter:
    def alter(answer: Answer, rng: random.Random) -> Answer:
        def body(tree: Any) -> Any:
            if isinstance(tree, dict):
                lie(tree, rng)
            return tree

        return _in_json(answer, body, endpoint, rng)

    return alter


def _in_json(
    answer: Answer, change: Callable[[Any], Any], endpoint: str, rng: random.Random
) -> Answer:
    if not answer.body or answer.status >= 300:
        return answer
    try:
        tree = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer  # another mutation was there before
    if endpoint not in PARTS:
        return answer.with_body(written(change(tree)))
    wanted = "fields" if endpoint == "describe" else "records"
    parts = [one for one in tree["compositeResponse"] if wanted in (one["body"] or ())]
    if not parts:
        return answer
    for part in parts if rng.random() < 0.5 else [rng.choice(parts)]:
        part["body"] = change(part["body"])
    return answer.with_body(written(tree))


def _body(make: Callable[[bytes], bytes]) -> Alter:
    return lambda answer, _rng: answer.with_body(make(answer.body))


def _header(name: str, value: bytes) -> Alter:
    return lambda answer, _rng: answer.with_header(name, value)


def _status(status: int, body: bytes | None = None) -> Alter:
    def alter(answer: Answer, _rng: random.Random) -> Answer:
        return replace(answer, status=status, body=answer.body if body is None else body)

    return alter


def _bomb(answer: Answer, _rng: random.Random) -> Answer:
    return answer.with_header("Content-Encoding", b"gzip").with_body(_packed_blanks())


@cache
def _packed_blanks() -> bytes:
    """512 MiB in 2, made piece by piece: the memory that is measured is not to be ours."""
    packing = zlib.compressobj(1, wbits=31)
    return b"".join([*(packing.compress(b" " * MIB) for _ in range(512)), packing.flush()])


def _twice_packed(answer: Answer, _rng: random.Random) -> Answer:
    packed = gzip.compress(gzip.compress(answer.body))
    return answer.with_header("Content-Encoding", b"gzip, gzip").with_body(packed)


HTML = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"
REFUSAL = b'[{"errorCode":"\\u001b[31mINVALID_FIELD","message":"\\ud800 No such column \'Id\'"}]'

BODIES: dict[str, Alter] = {
    "empty": _body(lambda _: b""),
    "html": lambda a, _rng: a.with_body(HTML).with_header("Content-Type", b"text/html"),
    "cut in half": _body(lambda body: body[: len(body) // 2]),
    "cut by one byte": _body(lambda body: body[:-1]),
    "with BOM": _body(lambda body: b"\xef\xbb\xbf" + body),
    "UTF-16": _body(lambda body: body.decode().encode("utf-16")),
    "Latin-1 bytes": _body(lambda body: body.replace(b"a", b"\xe4")),
    "NUL bytes": _body(lambda body: body.replace(b",", b",\x00")),
    "twice": _body(lambda body: body + body),
    "null": _body(lambda _: b"null"),
    "a list": _body(lambda body: b"[" + body + b"]"),
    "a number": _body(lambda _: b"1e999999999"),
    "brackets": _body(lambda _: b"[" * 2_000_000),
    "many values": _body(lambda _: b"[" + b"0," * 4_000_000 + b"0]"),
    "garbage": _body(lambda _: bytes(range(256)) * 100),
}
STATUSES: dict[str, Alter] = {
    "status 204": _status(204, b""),
    "status 302": lambda a, _rng: replace(a, status=302).with_header(
        "Location", b"https://evil.example/"
    ),
    "status 304": _status(304, b""),
    "status 400 without body": _status(400, b""),
    "status 400 odd": _status(400, REFUSAL),
    "status 404 html": _status(404, HTML),
    "status 418": _status(418, b"[]"),
    "status 429 negative": lambda a, _rng: replace(a, status=429).with_header("Retry-After", b"-5"),
    "status 503 for years": lambda a, _rng: replace(a, status=503).with_header(
        "Retry-After", b"99999999999999999999"
    ),
    "status 503 in words": lambda a, _rng: replace(a, status=503).with_header(
        "Retry-After", b"Thu, 31 Dec 9999 23:59:59 GMT"
    ),
    "status 599": _status(599, b"{}"),
}
HEADERS: dict[str, Alter] = {
    "Date in 2027": _header("Date", b"Fri, 31 Dec 2027 00:00:00 GMT"),
    "Date in 1970": _header("Date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    "Date garbage": _header("Date", b"\xff\xfe yesterday"),
    "Date in year 99999": _header("Date", b"Fri, 31 Dec 99999 00:00:00 GMT"),
    "Date with an absurd zone": _header("Date", b"Mon, 02 Mar 2026 03:04:05 +9999"),
    "limits negative": _header("Sforce-Limit-Info", b"api-usage=-5/-1"),
    "limits of zero": _header("Sforce-Limit-Info", b"api-usage=0/0"),
    "limits absurd": _header("Sforce-Limit-Info", b"api-usage=" + b"9" * 5_000 + b"/1"),
    "limits spent": _header("Sforce-Limit-Info", b"api-usage=999999999999/1"),
    "gzip that is none": _header("Content-Encoding", b"gzip"),
    "an encoding unknown": _header("Content-Encoding", b"br, zstd, rot13"),
    "another charset": _header("Content-Type", b"application/json;charset=utf-7"),
    "a type of garbage": _header("Content-Type", b";;;\xff"),
    "Last-Modified in 9999": _header("Last-Modified", b"Fri, 31 Dec 9999 23:59:59 GMT"),
    "a header of 60 kB": _header("X-Padding", b"a" * 60_000),
    "a thousand headers": lambda a, _rng: replace(
        a, headers=a.headers + tuple((b"x-%d" % n, b"1") for n in range(1_000))
    ),
    "gzip twice": _twice_packed,
    "gzip bomb": _bomb,
}
BULK_HEADERS: dict[str, Alter] = {
    "locator a path": _header("Sforce-Locator", b"../../../../etc/passwd"),
    "locator SOQL": _header("Sforce-Locator", b"x&maxRecords=1"),
    "locator long": _header("Sforce-Locator", b"A" * 5_000),
    "locator the same again": _header("Sforce-Locator", b"AAAA"),
    "rows negative": _header("Sforce-NumberOfRecords", b"-1"),
    "rows too many": _header("Sforce-NumberOfRecords", b"1000000"),
    "rows absurd": _header("Sforce-NumberOfRecords", b"9" * 5_000),
    "rows a float": _header("Sforce-NumberOfRecords", b"6.0"),
    "rows untold": lambda a, _rng: replace(
        a, headers=tuple(p for p in a.headers if p[0].lower() != b"sforce-numberofrecords")
    ),
}


def _job(**values: Any) -> Lie:
    return lambda job, _rng: job.update(values)


JOBS: dict[str, Lie] = {
    "id a path": _job(id="/tmp/outside"),  # noqa: S108 - text of a hostile org
    "id dots": _job(id="../../../globex/*/*"),
    "id of another job": _job(id="750000000000001AAA"),
    "state unknown": _job(state="Meditating"),
    "state null": _job(state=None),
    "failed with control": _job(state="Failed", errorMessage="\x1b[31m\r\nINVALID_FIELD"),
    "failed with megabytes": _job(state="Failed", errorMessage="x" * MIB),
    "processed negative": _job(numberRecordsProcessed=-1),
    "processed too many": _job(numberRecordsProcessed=10**15),
    "processed none": _job(numberRecordsProcessed=0),
    "processed text": _job(numberRecordsProcessed="6"),
}


def _tokens() -> dict[str, Lie]:
    def told(**values: Any) -> Lie:
        return lambda answer, _rng: answer.update(values)

    return {
        "instance elsewhere": told(instance_url="https://evil.example"),
        "instance with user": told(instance_url="https://a@evil.example/"),
        "instance without a scheme": told(instance_url="127.0.0.1"),
        "instance with a bracket": told(instance_url="https://a.my.salesforce.com]"),
        "token with newline": told(access_token="00D!a\r\nX-Evil: 1"),
        "token not Latin": told(access_token="00D!日本"),
        "token empty": told(access_token=""),
        "org of another": told(id="https://login.salesforce.com/id/00D000000000001EAA/005/"),
        "id a path": told(id="https://login.salesforce.com/id/../../etc/passwd"),
        "issued in 99999": told(issued_at="9" * 17),
        "issued negative": told(issued_at=-1),
        "issued of 5,000 digits": told(issued_at="9" * 5_000),
    }


def every_mutation() -> list[Mutation]:
    """All of them, in a fixed order; names are unique."""
    return list(_made())


def of_each_run() -> list[Mutation]:
    """300 of them, evenly chosen, for `make test`; `make fuzz` runs all."""
    every = every_mutation()
    return [every[place * len(every) // 300] for place in range(300)]


def _made() -> Iterator[Mutation]:
    for endpoint in (*JSON, *PARTS, "composite"):
        for kind, change in CHANGES.items():
            yield Mutation(endpoint, kind, _somewhere(change, endpoint))
    for endpoint in (*JSON, "composite", "bulk_results"):
        for kind, alter in BODIES.items():
            yield Mutation(endpoint, f"body {kind}", alter)
    for endpoint in ("token", "composite", "bulk_delete", "bulk_poll", "bulk_results"):
        for kind, alter in STATUSES.items():
            if (endpoint, kind) == ("bulk_delete", "status 204"):
                continue  # that is what Salesforce answers
            yield Mutation(endpoint, kind, alter)
    for endpoint in ("token", "composite", "bulk_results"):
        for kind, alter in HEADERS.items():
            yield Mutation(endpoint, kind, alter)
    yield from _of_meaning()


def _of_meaning() -> Iterator[Mutation]:
    for endpoint in ("query", "composite_query"):
        for kind, lie in RECORDS.items():
            yield Mutation(endpoint, kind, _lie(lie, endpoint))
    for kind, lie in DESCRIBES.items():
        yield Mutation("describe", kind, _lie(lie, "describe"))
    for kind, lie in _tokens().items():
        yield Mutation("token", kind, _lie(lie, "token"))
    for kind, lie in JOBS.items():
        yield Mutation("bulk_create", kind, _lie(lie, "bulk_create"))
        yield Mutation("bulk_poll", kind, _lie(lie, "bulk_poll"))
    for kind, alter in BULK_HEADERS.items():
        yield Mutation("bulk_results", kind, alter)
    for kind, change in csv_mutations.CHANGES.items():
        yield Mutation("bulk_results", f"csv {kind}", _body(change))
