"""Twenty logins at the same moment, of which five are told to wait: all of them end logged in.

Salesforce takes up one token request of an app or a token at a time and refuses the others with
"token request is already being processed".
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import stamina
from cryptography.hazmat.primitives.asymmetric import rsa

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    ClientCredentials,
    Granted,
    TokenSource,
    TokenTransport,
)
from flyle_sf_assets.salesforce.tokens.jwt_bearer import JwtBearer
from flyle_sf_assets.salesforce.tokens.refresh_tokens import RefreshTokens
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.salesforce.room import Room
from flyle_sf_assets_tests.signing import certify, pem, username_of

LOGINS = 20
TOLD_TO_WAIT = 5
FLOWS = ("web_server", "client_credentials", "jwt_bearer")


@pytest.fixture(autouse=True)
def _as_many_attempts_as_configured(_no_waiting: None) -> Iterator[None]:
    """The attempts of the token endpoint, without their pauses."""
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


class Kept:
    """One tenant's grant in memory, with the lock that the database has."""

    def __init__(self, access: AccessToken, refresh_token: str) -> None:
        self._granted = Granted(access, refresh_token)
        self._lock = threading.Lock()

    def read(self) -> Granted:
        """What is kept."""
        return self._granted

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One at a time."""
        with self._lock:
            yield

    def replace(self, granted: Granted) -> None:
        """Keeps this instead."""
        self._granted = granted


def login_of(room: Room, flow: str, key: rsa.RSAPrivateKey) -> Callable[[], TokenSource]:
    """What each of the twenty makes for itself: a process of its own in real life."""
    there, url, network = room.there, room.server.url, room.access().network
    with room.open() as org:
        kept = Kept(org.session.access, there.issue_refresh_token())
    if flow == "web_server":
        there.rotates_refresh_tokens = True
        return lambda: RefreshTokens(
            TokenTransport(network),
            url,
            consumer_key=lambda: there.consumer_key,
            consumer_secret=lambda: there.consumer_secret,
            keeper=kept,
        )
    if flow == "client_credentials":
        return lambda: ClientCredentials(
            TokenTransport(network),
            url,
            lambda: there.consumer_key,
            lambda: there.consumer_secret,
        )
    certify(room.there, key)
    return lambda: JwtBearer(
        TokenTransport(network),
        url,
        consumer_key=lambda: there.consumer_key,
        username=username_of(room.there),
        private_key=lambda: pem(key),
    )


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("flow", FLOWS)
def test_twenty_logins_at_once_of_which_five_are_told_to_wait(
    room: Room, key: rsa.RSAPrivateKey, flow: str, language: str
) -> None:
    """The tenant was stopped and told to connect again."""
    login = login_of(room, flow, key)
    told = room.breaks(
        FaultKind.RECORDED,
        "/services/oauth2/token",
        answer="login_in_progress",
        language=language,
        times=TOLD_TO_WAIT,
    )
    together = threading.Barrier(LOGINS)

    def use(_: int) -> int:
        source = login()
        together.wait(timeout=30)
        with OrgSession(source, room.access().network) as session:
            return len(session.json("GET", session.data_path("/limits")))

    with ThreadPoolExecutor(LOGINS) as threads:
        answered = list(threads.map(use, range(LOGINS)))
    assert all(answered)
    assert len(answered) == LOGINS
    assert told.hits == TOLD_TO_WAIT


@pytest.mark.parametrize("flow", FLOWS)
def test_a_login_that_stays_busy_is_put_off(room: Room, key: rsa.RSAPrivateKey, flow: str) -> None:
    """Bounded here; nothing is wrong with the connection, and the run comes back later."""
    login = login_of(room, flow, key)
    told = room.breaks(FaultKind.RECORDED, answer="login_in_progress", times=99, path_prefix="/")
    with pytest.raises(errors.OrgUnavailable) as caught:
        login().token()
    assert caught.value.code == "login_in_progress"
    assert told.hits == Network().login_retry.attempts


def test_a_lost_answer_is_not_asked_for_again_with_a_rotating_token(
    room: Room, key: rsa.RSAPrivateKey
) -> None:
    """Only what Salesforce says it did nothing with is sent again."""
    login = login_of(room, "web_server", key)
    lost = room.breaks(FaultKind.RESET, "/services/oauth2/token", times=9)
    with pytest.raises(errors.OrgUnavailable):
        login().token()
    assert lost.hits == 1
