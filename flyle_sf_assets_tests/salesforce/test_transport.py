"""The transport against a server that misbehaves in ways of its own."""

from pathlib import Path

import pytest
import stamina
from structlog.testing import capture_logs

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce.composite import Subrequest, composite
from flyle_sf_assets.salesforce.query import Reader
from flyle_sf_assets.salesforce.soql import Statement
from flyle_sf_assets.salesforce.transport import Transport
from flyle_sf_assets_tests.salesforce.wayward import Canned, wayward

TRIED = errors.Text("", "")
LOCKED = b'[{"errorCode":"UNABLE_TO_LOCK_ROW","message":"unable to obtain exclusive access"}]'


def _composite(*parts: tuple[int, bytes]) -> Canned:
    """The answer of the Composite resource."""
    answers = b",".join(
        b'{"body":%s,"httpHeaders":{},"httpStatusCode":%d,"referenceId":"r%d"}' % (body, status, n)
        for n, (status, body) in enumerate(parts)
    )
    return Canned(body=b'{"compositeResponse":[%s]}' % answers)


def test_redirects_are_never_followed(tmp_path: Path) -> None:
    """A redirect would carry a request, and perhaps a token, to another host."""
    with wayward(tmp_path, Canned(302, headers={"Location": "https://10.0.0.1/"})) as server:
        with Transport(server.network) as transport, pytest.raises(errors.NotConnected) as caught:
            transport.get(f"{server.url}/x")
        assert server.asked == 1
    assert caught.value.code == "org_moved"


def test_retry_after_is_honoured_and_bounded(tmp_path: Path) -> None:
    """A short one is waited for; an hour is for the next run, not for a sleeping worker."""
    soon, ok, late = (
        Canned(503, headers={"Retry-After": "1"}),
        Canned(),
        Canned(503, headers={"Retry-After": "3600"}),
    )
    with (
        capture_logs() as logged,
        stamina.set_testing(False),
        wayward(tmp_path, soon, ok, late) as server,
    ):
        with Transport(server.network) as transport:
            assert transport.get(f"{server.url}/x").status_code == 200
            (retry,) = logged
            assert (retry["event"], retry["kind"]) == ("retry", "OrgUnavailable")
            assert (retry["wait_s"], retry["attempt"], retry["attempts"]) == (1.0, 2, 5)
            with pytest.raises(errors.OrgUnavailable):
                transport.get(f"{server.url}/x")
        assert server.asked == 3


def test_cookies_are_not_kept(tmp_path: Path) -> None:
    """What one answer sets must not follow into another request."""
    with (
        wayward(tmp_path, Canned(headers={"Set-Cookie": "sid=abc; Path=/"})) as server,
        Transport(server.network) as transport,
    ):
        transport.get(f"{server.url}/x")
        assert len(transport.cookies) == 0


@pytest.mark.parametrize("records", [b"[]", b'[{"Id":"1"}]', b'[{"Id":"1"},{"Id":"2"},{"Id":"3"}]'])
def test_other_rows_than_announced_are_an_incomplete_read(tmp_path: Path, records: bytes) -> None:
    """Valid JSON, status 200, done: and yet rows are missing."""
    body = b'{"totalSize":2,"done":true,"records":%s}' % records
    statement = Statement("Account", ("Id",), "SELECT Id FROM Account")
    with (
        wayward(tmp_path, Canned(body=body)) as server,
        server.session() as session,
        pytest.raises(errors.IncompleteRead) as caught,
    ):
        Reader(session).rows(statement)
    assert "of 2" in caught.value.came_back.en


@pytest.mark.parametrize("url", ["null", '"https://10.0.0.1/services/data/x"', '"//10.0.0.1/x"'])
def test_a_next_page_elsewhere_is_not_asked_for(tmp_path: Path, url: str) -> None:
    """The token must not follow an address out of an answer."""
    body = b'{"totalSize":2,"done":false,"records":[{"Id":"1"}],"nextRecordsUrl":%s}' % url.encode()
    statement = Statement("Account", ("Id",), "SELECT Id FROM Account")
    with wayward(tmp_path, Canned(body=body)) as server, server.session() as session:
        with pytest.raises(errors.IncompleteRead):
            Reader(session).rows(statement)
        assert server.asked == 1


def test_a_subrequest_that_passes_is_asked_again_with_its_composite(tmp_path: Path) -> None:
    """A composite answers 200 whatever becomes of its parts."""
    whole = _composite((200, b"{}"), (200, b'{"x":1}'))
    answers = (
        _composite((200, b"{}"), (503, LOCKED)),
        _composite((400, LOCKED), (200, b"{}")),
        whole,
    )
    with wayward(tmp_path, *answers) as server, server.session() as session:
        found = composite(session, [Subrequest("/a"), Subrequest("/b")], tried=TRIED)
        assert server.asked == session.api_calls == 3
    assert [answer.body for answer in found] == [b"{}", b'{"x":1}']


def test_a_missing_subanswer_is_an_incomplete_read(tmp_path: Path) -> None:
    """One of two questions unanswered is not "nothing changed there"."""
    with (
        wayward(tmp_path, _composite((200, b"{}"))) as server,
        server.session() as session,
        pytest.raises(errors.IncompleteRead),
    ):
        composite(session, [Subrequest("/a"), Subrequest("/b")], tried=TRIED)
