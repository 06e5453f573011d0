"""An answer whose framing is broken quotes no record, in its error or in any library's log.

urllib3 and http.client put the bytes that they could not read into their texts: with a proxy that
loses a header, these are records. What does not belong here: bounds (``test_bounds.py``).
"""

import logging
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import AccessToken
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets_tests.hostile.overheard import MARK, Overheard, marked
from flyle_sf_assets_tests.salesforce.hostile import hostile

RECORDS = b'{"totalSize":1,"done":true,"records":[{"Name":"%s"}]}' % MARK.encode()
LENGTH = b"Content-Length: %d\r\n" % len(RECORDS)
OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "records in the place of a chunk's length": OK
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + RECORDS,
    "records after a chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n" + RECORDS + b"\r\n"
    ),
    "records in the place of the status": RECORDS + b"\r\n\r\n",
    "records in the place of a header": OK + RECORDS + b"\r\n" + LENGTH + b"\r\n" + RECORDS,
    "records in the place of the length": OK + b"Content-Length: 1, " + RECORDS + b"\r\n\r\n{}",
    "records as encoding": OK
    + b"Content-Encoding: "
    + RECORDS
    + b"\r\n"
    + LENGTH
    + b"\r\n"
    + RECORDS,
    "records as an address": (
        b"HTTP/1.1 302 Found\r\nLocation: https://" + RECORDS + b"\r\nContent-Length: 0\r\n\r\n"
    ),
    "records as the reason": b"HTTP/1.1 500 " + RECORDS + b"\r\nContent-Length: 0\r\n\r\n",
    "records as a cookie": OK + b"Set-Cookie: " + RECORDS + b"; Expires=" + RECORDS + b"\r\n\r\n",
    "records of a date": OK + b"Date: " + RECORDS + b"\r\n" + b"Content-Length: 0\r\n\r\n",
    "records packed that are not": OK + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n" + RECORDS,
    "records cut off": OK + b"Content-Length: 5000\r\n\r\n" + RECORDS,
    "records that are no JSON": OK + LENGTH + b"\r\n" + RECORDS[:-1] + b"]",
    "records that are no UTF-8": OK + LENGTH + b"\r\n" + RECORDS.replace(b"Name", b"N\xffme"),
    "records as an error": b"HTTP/1.1 400 Bad Request\r\n" + LENGTH + b"\r\n" + RECORDS,
    "records as a server's error": b"HTTP/1.1 503 No\r\n" + LENGTH + b"\r\n" + RECORDS,
}


class _Token:
    def __init__(self, url: str) -> None:
        issued = datetime.now(UTC)
        self._token = AccessToken("token", url, "00D000000000001AAA", "005000000000001AAA", issued)

    def token(self) -> AccessToken:
        return self._token

    def renew(self, stale: AccessToken) -> AccessToken:
        raise AssertionError(f"nothing here refuses {stale!r}")


@pytest.mark.parametrize("name", BROKEN)
def test_broken_framing_quotes_no_record(name: str, tmp_path: Path) -> None:
    def speak(there: ssl.SSLSocket) -> None:
        there.sendall(BROKEN[name])
        there.unwrap()

    heard, told = Overheard(), ""
    with hostile(tmp_path, speak) as there, heard.listening():
        network = Network(
            there.ca_file,
            (f"127.0.0.1:{there.port}",),
            read_timeout_s=5.0,
            retry=RetryPolicy(attempts=1),
        )
        with OrgSession(_Token(there.url), network) as session:
            try:
                session.json("GET", "/services/data/v64.0/query")
            except FlyleError as error:
                told = str(error)
    assert not marked({"the error": told, "logs": heard.take()})


def test_what_a_library_logs_is_heard() -> None:
    """Else the tests above could not fail."""
    heard = Overheard()
    with heard.listening():
        logging.getLogger("urllib3").warning("unparsed data: %s", MARK)
        sys.stdout.write(f"printed {MARK}")
    assert len(marked({"logs": heard.take()})) == 1
