"""A Bulk result page changed as bytes: headers, quotes, rows, cells."""

import re
from collections.abc import Callable

_ID = re.compile(rb'"(001[A-Za-z0-9]{15})"')


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda body: b"\n".join(change(body.split(b"\n")))


def _first_cell(value: bytes) -> Callable[[bytes], bytes]:
    return lambda body: _ID.sub(b'"' + value + b'"', body, count=1)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "no header": _lines(lambda lines: lines[1:]),
    "header alone": _lines(lambda lines: lines[:1]),
    "columns in another order": _lines(
        lambda lines: [b",".join(reversed(lines[0].split(b","))), *lines[1:]]
    ),
    "a column twice": _lines(lambda lines: [lines[0] + b',"Id"', *lines[1:]]),
    "a row twice": _lines(lambda lines: [*lines[:2], *lines[1:]]),
    "a row less": _lines(lambda lines: [lines[0], *lines[2:]]),
    "a cell too many": _lines(lambda lines: [lines[0], lines[1] + b',"x"', *lines[2:]]),
    "a cell too few": _lines(lambda lines: [lines[0], lines[1].rpartition(b",")[0], *lines[2:]]),
    "a quote open": lambda body: body + b'"001',
    "quotes inside": lambda body: body.replace(b'","', b'"x","', 3),
    "carriage returns": lambda body: body.replace(b"\n", b"\r"),
    "semicolons": lambda body: body.replace(b",", b";"),
    "an id empty": _first_cell(b""),
    "an id 5": _first_cell(b"5"),
    "an id a path": _first_cell(b"/etc/passwd"),
    "an id of 5,000": _first_cell(b"0" * 5_000),
    "an id of another object": _first_cell(b"00530000001JtaAAAS"),
    "an id wrong": _first_cell(b"0015g00000XyZabAAG"),
    "a formula": _first_cell(b"=cmd|' /C calc'!A0"),
    "a cell of 5 MB": _first_cell(b"x" * 5_000_000),
    "a stamp in 2027": lambda body: body.replace(b'"2026-', b'"2027-'),
    "a stamp of garbage": lambda body: body.replace(b'"2026-', b'"20x6-'),
    "deleted perhaps": lambda body: body.replace(b'"false"', b'"perhaps"'),
    "500,000 columns": lambda body: b'"a",' * 500_000 + body,
    "a header of 5 MB": lambda body: b'"' + b"I" * 5_000_000 + b'",' + body,
}
