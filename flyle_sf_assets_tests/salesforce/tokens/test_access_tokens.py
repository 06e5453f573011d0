"""What a token answer has to hold, and what is made of one that holds little."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce import rights
from flyle_sf_assets.salesforce.bounds import Bounds
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    TokenTransport,
    read_granted,
)
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets_tests.salesforce.room import Room
from flyle_sf_assets_tests.salesforce.wayward import Canned, wayward

TRIED = Text("試しました", "Tried")
DATE = "Thu, 07 May 2026 09:08:07 GMT"
DATE_READ = datetime(2026, 5, 7, 9, 8, 7, tzinfo=UTC)
NETWORK = Network(bounds=Bounds(clock_skew_s=7_200.0), clock=lambda: DATE_READ)
ISSUED = datetime(2026, 5, 7, 9, 0, 0, tzinfo=UTC)
INSTANCE = "https://acme.my.salesforce.com"
JWT_ANSWER = {
    "access_token": "00D5i0010000001!AQcAQH0dMHZfz972Szmpkb58",
    "scope": "api",
    "instance_url": INSTANCE,
    "id": "https://login.salesforce.com/id/00D5i0010000001EAA/0055i0000000001AAA",
    "token_type": "Bearer",
}
"""The members that real orgs were recorded to answer a JWT with, and no other."""


def read(answer: dict[str, Any], date: str | None = DATE) -> AccessToken:
    """The access token of that answer."""
    return read_granted(json.dumps(answer).encode(), NETWORK, tried=TRIED, date=date).access


def without(*names: str, **more: Any) -> dict[str, Any]:
    """The JWT answer with members taken out and others added."""
    return {name: value for name, value in (JWT_ANSWER | more).items() if name not in names}


def test_the_five_members_of_a_jwt_answer_are_enough() -> None:
    """No issued_at: a real JWT login was ``answer_unreadable``, and tried again for ever."""
    access = read(JWT_ANSWER)
    assert (access.org_id, access.user_id) == ("00D5i0010000001EAA", "0055i0000000001AAA")
    assert (access.instance_url, access.issued_at) == (INSTANCE, DATE_READ)


@pytest.mark.parametrize("told", [{}, {"id": None}, {"id": ""}, {"id": "https://login.example/x"}])
def test_the_org_is_told_by_the_token_when_id_is_missing(told: dict[str, Any]) -> None:
    """Only access_token and instance_url are required; the user is asked for when needed."""
    access = read(without("id", "scope", "token_type") | told)
    assert (access.org_id, access.user_id) == ("00D5i0010000001EAA", "")


@pytest.mark.parametrize(
    "answer",
    [
        without("access_token"),
        without("instance_url"),
        without("id", access_token="no-org-in-it"),
        without("id", access_token="0055i0010000001!AQcAQ"),
        without(access_token=7),
    ],
)
def test_an_answer_without_token_instance_or_org_is_unreadable(answer: dict[str, Any]) -> None:
    """And says nothing of what it holds: it may be a token."""
    with pytest.raises(errors.IncompleteRead) as caught:
        read(answer)
    assert caught.value.code == "answer_unreadable"
    assert "AQcAQ" not in str(caught.value)


def test_a_host_that_may_not_be_called_gets_no_token() -> None:
    """The token would go there with the next request."""
    with pytest.raises(errors.UsageError):
        read(without(instance_url="https://evil.example"))


@pytest.mark.parametrize("issued_at", ["1778144400000", 1778144400000], ids=["text", "number"])
def test_issued_at_serves_when_there_is_no_date(issued_at: str | int) -> None:
    """Both are Salesforce's clock."""
    assert read(without(issued_at=issued_at), date=None).issued_at == ISSUED
    assert read(without(issued_at=issued_at)).issued_at == DATE_READ


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "yesterday",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 2099 00:00:00 GMT",
    ],
)
def test_a_date_that_cannot_be_true_is_no_time(date: str | None) -> None:
    """A watermark in the future would pass over all that changes until then."""
    assert read(JWT_ANSWER, date).issued_at is None
    assert read(without(issued_at="1778144400000"), date).issued_at == ISSUED


class _Given:
    """A token that nobody asks for."""

    def __init__(self, access: AccessToken) -> None:
        self._access = access

    def token(self) -> AccessToken:
        return self._access

    def renew(self, stale: AccessToken) -> AccessToken:
        raise AssertionError(f"nothing here refuses {stale!r}")


def test_who_is_connected_is_asked_for_when_the_answer_does_not_tell(room: Room) -> None:
    """One call more, when somebody connects; a refresh needs the org alone."""
    with room.open() as org:
        access = replace(org.session.access, user_id="")
        with OrgSession(_Given(access), room.access().network) as session:
            who = rights.identity(session)
            assert session.api_calls == 3
    user = room.there.record("User", room.there.connected_user_id)
    assert (who.org_id, who.user_id) == (room.there.org_id, user["Id"])
    assert who.username == user["Username"]


def test_without_any_time_of_salesforce_there_is_none(tmp_path: Path) -> None:
    """Our own clock is no substitute: it loses rows when it runs ahead."""
    with wayward(tmp_path, Canned()) as server:
        access = AccessToken("t", server.url, "00D000000000001AAA", "005000000000001AAA", None)
        with OrgSession(_Given(access), server.network) as session:
            with pytest.raises(errors.IncompleteRead):
                _ = session.server_now
            session.json("GET", "/services/data/v64.0/limits")
            assert abs(session.server_now - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_date_of_the_answer_is_taken_over_the_wire(tmp_path: Path) -> None:
    """The token endpoint's own header."""
    with wayward(tmp_path, Canned()) as server:
        body = json.dumps(without(instance_url=server.url)).encode()
        server.answers[:] = [Canned(body=body)]
        with TokenTransport(server.network) as transport:
            access = transport.ask(server.url, {"grant_type": "client_credentials"})
    assert access.issued_at is not None
    assert abs(access.issued_at - datetime.now(UTC)) < timedelta(minutes=1)
