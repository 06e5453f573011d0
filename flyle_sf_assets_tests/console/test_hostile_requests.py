"""Anything in any field of any page: an answer that says what is wrong, never a broken page.

Routes are those of the app; names of fields those that the console's source reads. What does not
belong here: who may see what (``test_rights.py``).
"""

import re
import socket
import ssl
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from flyle_sf_assets.console.app import PageRoute
from flyle_sf_assets.console.csv_cells import csv_line
from flyle_sf_assets.console.setup_forms import ROWS_MAX
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import House, Visitor

ODD: dict[str, bytes] = {
    "empty": b"",
    "surrogate": b"a\xed\xa0\x80b",
    "not utf-8": b"\xff\xfe",
    "nul": b"a\x00b",
    "controls": bytes(range(1, 32)) + b"\x7f\xc2\x85\xc2\x9b",
    "lines": b"a\r\nSet-Cookie: x=y\r\n\r\nb\n",
    "bidi": "\u202eabc\u2066".encode(),
    "long": b"x" * 20_000,
    "digits": b"9" * 5_000,
    "superscript": "²".encode(),
    "negative": b"-1",
    "brackets": b"https://a.my.salesforce.com]",
    "ipv6": b"https://[::1",
    "zone": b"https://[fe80::1%25eth0]:99999",
    "port": b"https://acme.my.salesforce.com:99999999999",
    "markup": b"</script><script>{{7*7}}{% raw %}${1}",
    "sql": b"'; DROP TABLE flyle.companies; -- %s %(x)s :name \\",
    "path": b"../../../../etc/passwd",
    "json": b'{"a": [1, {"b": null}]}',
    "format": b"{0} {x!r} %n %s",
}
"""Bytes as they stand in an address or a form, before they are quoted."""

ENDING = ("/leave", "/disconnect")
"""Asked last: after them the visitor is nobody, or the tenant has no org."""

GOOD = {
    "c0.field": "Name",
    "c0.op": "eq",
    "c0.value": "x",
    "c0.group": "0",
    "m0.from": "Name",
    "m0.to": "name",
    "m0.label": "名前",
    "shown": "1",
    "object": "Account",
    "every": "3h",
}
HEADERS = (
    "Accept-Language",
    "Sec-Fetch-Site",
    "X-CSRF-Token",
    "HX-Request",
    "X-Forwarded-For",
    "Cookie",
)
READ = re.compile(r"\.(?:one|all)\(\s*f?\"([^\"]+)\"")


def field_names() -> list[str]:
    """Every field that the console reads from a form or an address."""
    folder = Path(sys.modules["flyle_sf_assets.console.app"].__file__ or "").parent
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        found.update(READ.findall(file.read_text(encoding="utf-8")))
    made = {
        name.replace("{row}", row).replace("{name}", part)
        for name in found
        for row in ("c0", "m0", "o0")
        for part in ("object", "lookup", "of", "as")
    }
    return sorted({name for name in made if "{" not in name} - {"csrf"})


def routes(house: House) -> list[tuple[str, str]]:
    """Method and path of every page, those that end something last."""
    found = [
        (method, route.path)
        for route in house.app.routes
        if isinstance(route, PageRoute)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    return sorted(found, key=lambda one: (one[0] == "POST" and one[1] in ENDING, one))


def encoded(fields: dict[str, bytes]) -> str:
    """As a form sends it."""
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items())


def ask(visitor: Visitor, method: str, path: str, fields: dict[str, bytes]) -> requests.Response:
    """One request with these fields, in the address and in the form."""
    body = encoded(fields) if method == "POST" else None
    address = path if method == "POST" else f"{path}?{encoded(fields)[:20_000]}"
    return visitor.session.request(
        method,
        visitor.url + address,
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"} if body else None,
        allow_redirects=False,
        timeout=60,
    )


def assert_sound(answer: requests.Response, where: str) -> None:
    """No broken page, nothing of ours inside the headers, nothing that a template ran."""
    assert answer.status_code < 500, f"{where}: {answer.status_code} {answer.text[:200]}"
    assert "Set-Cookie: x=y" not in str(answer.headers)
    assert "<script>{{7*7}}" not in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture(scope="module")
def visitor(street: Street) -> tuple[Visitor, bytes]:
    """An administrator of a linked tenant, and the token of the forms."""
    made = street.house.visitor("acme")
    csrf = made.csrf()
    assert csrf
    return made, csrf.encode()


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.timeout(110)
def test_no_field_of_any_page_breaks_it(
    street: Street, visitor: tuple[Visitor, bytes], kind: str
) -> None:
    """`https://a.my.salesforce.com]` and ``c².field`` did."""
    there, csrf = visitor
    names, odd = field_names(), ODD[kind]
    assert len(names) > 25
    for method, path in routes(street.house):
        if path in ENDING and method == "POST":
            continue
        filled = re.sub(r"\{\w+\}", quote(odd[:200] or b"-", safe=""), path)
        share = max(50, 18_000 // len(names)) // 3
        fields = dict.fromkeys(names, odd[:share] if method == "GET" else odd)
        if kind == "long":
            fields = {name: value[:8_000] for name, value in fields.items()}
        fields[f"c{odd[:40].decode('utf-8', 'replace')}.field"] = odd[:share]
        fields["csrf"] = csrf
        assert_sound(ask(there, method, filled, fields), f"{method} {path}")


@pytest.mark.parametrize("path", ["/setup/conditions", "/setup/mapping", "/setup/object"])
@pytest.mark.timeout(110)
def test_one_odd_field_among_sound_ones_breaks_nothing(
    visitor: tuple[Visitor, bytes], path: str
) -> None:
    """What is wrong with the first field must not keep the others from being read."""
    there, csrf = visitor
    for name in GOOD:
        for kind in ("surrogate", "nul", "digits", "brackets", "superscript", "markup"):
            fields = {key: value.encode() for key, value in GOOD.items()}
            fields |= {name: ODD[kind], "csrf": csrf}
            assert_sound(ask(there, "POST", path, fields), f"{path} {name} {kind}")


@pytest.mark.parametrize("kind", ODD)
def test_no_odd_session_and_no_odd_form_token_break_a_page(street: Street, kind: str) -> None:
    """Also where the page ends a session or a link."""
    odd = ODD[kind][:2_000]
    for path in ENDING:
        there = street.house.visitor("globex")
        answer = ask(there, "POST", path, {"csrf": odd})
        assert answer.status_code == 403
    stranger = street.house.stranger()
    value = quote(odd, safe="")
    for path in (
        "/",
        f"/enter?token={value}",
        f"/language/{value}?back={value}",
        f"/static/{value}",
    ):
        answer = stranger.get(path, Cookie=f"__Host-flyle_sf=acme.{value}; language={value}")
        assert_sound(answer, path)


@pytest.mark.parametrize(
    "header",
    [
        "Accept-Language",
        "Sec-Fetch-Site",
        "X-CSRF-Token",
        "HX-Request",
        "X-Forwarded-For",
        "Cookie",
    ],
)
def test_no_odd_header_breaks_a_page(street: Street, header: str) -> None:
    there = street.house.visitor("acme")
    for odd in ("é" * 10, "en;q=nan", "en;q=1e999", "a" * 9_000, ";;==,,", "[::1", '"', "ja;q=²"):
        answer = there.session.get(
            f"{there.url}/",
            headers={header: odd.encode("utf-8")},
            timeout=60,
            allow_redirects=False,
        )
        assert_sound(answer, f"{header}: {odd[:20]}")


@pytest.mark.parametrize("port", ["1]", "[", "x", "99999999", ""])
def test_an_odd_port_in_the_host_header_breaks_nothing(street: Street, port: str) -> None:
    """The host before it is ours, and the rest made the address no URL."""
    house, there = street.house, street.house.visitor("acme")
    here = ("127.0.0.1", int(house.url.rpartition(":")[2]))
    cookies = "; ".join(f"{one.name}={one.value}" for one in there.session.cookies)
    trust = ssl.create_default_context(cafile=str(house.ca_file))
    with (
        closing(socket.create_connection(here, timeout=60)) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 [234]", connection.recv(1_000))


@pytest.mark.parametrize("space", ["", " ", "\t", "\u3000", "\u200b", "\ufeff", "\n", "\r\n"])
@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_no_cell_of_a_file_is_a_formula(space: str, sign: str) -> None:
    """A value of somebody's org would run on an administrator's machine."""
    cell = f"{space}{sign}cmd|' /C calc'!A0"
    assert csv_line(cell).lstrip('"').startswith("'")


@pytest.mark.parametrize("cell", ["\tx", "\rx", "\nx", "\r\n=x"])
def test_a_cell_begins_with_no_line_end(cell: str) -> None:
    """Some programs split there, and take what follows for a cell of its own."""
    assert csv_line(cell).lstrip('"').startswith("'")


@pytest.mark.parametrize("cell", ["-1+1", "-2-cmd", "-", "-１", "-1e5", "--1", "-1.", "-1\n"])
def test_what_only_begins_like_a_negative_number_is_no_formula(cell: str) -> None:
    assert csv_line(cell).lstrip('"').startswith("'")


@pytest.mark.parametrize(
    "cell",
    ["東京商事", "a=b", "100", "", "001B000000000001AAA", " x", "-12", "-0.50", "-" + "9" * 40],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert csv_line(cell, "end") == f"{cell},end\r\n"


@pytest.mark.parametrize(
    "moment",
    [
        "2024-01-01T00:00:00+23:00",
        "2024-01-01T00:00:00-23:59",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
    ],
)
@pytest.mark.parametrize("order", ["updated", "-updated"])
def test_a_moment_that_postgresql_has_not_starts_a_list_somewhere(
    street: Street, moment: str, order: str
) -> None:
    """Python knows offsets up to 24 hours, PostgreSQL up to 16."""
    me = street.house.visitor("acme")
    assert me.get(f"/companies?sort={order}&after={quote(moment)}&id=x").status_code == 200


def test_no_more_rows_are_added_than_a_form_has(street: Street) -> None:
    """Each of them is asked of the org, and every later page has them all."""
    me = street.house.visitor("acme")
    for page, field in (("conditions", "field"), ("mapping", "from")):
        many = [("add", f"Field{number}__c") for number in range(2 * ROWS_MAX)]
        body = [("csrf", me.csrf()), ("shown", "1"), *many]
        address = f"{me.url}/setup/{page}/rows"
        answer = me.session.post(address, data=body, timeout=60, allow_redirects=False)
        assert answer.status_code == 200
        assert len(re.findall(rf'name="[cm]\d+\.{field}"', answer.text)) == ROWS_MAX
    me.post("/setup/discard")
