"""The session over real TLS: logging in, expiry, retries, counting, clock, and what it refuses."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import trustme

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.connect import Org, open_org
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.session import LimitUsage
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    ClientCredentials,
    TokenTransport,
)
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy, Transport
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets.settings.models import SecretRef
from flyle_sf_assets_tests.salesforce.room import Room

Schemas = dict[str, ObjectSchema]


def accounts(org: Org, schemas: Schemas) -> int:
    """One counted call."""
    return org.reader.count(soql.count(schemas["Account"]))


def test_logging_in_tells_org_user_and_instance(room: Room, org: Org) -> None:
    """They come from the token answer: no further call is spent on them."""
    assert org.org_id == room.there.org_id
    assert org.user_id == room.there.connected_user_id
    assert org.session.access.instance_url == room.server.url
    assert org.api_calls == room.counted == 0


def test_an_expired_session_is_renewed_once_and_the_request_repeated(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """Tokens die after hours of idling, in the middle of a refresh."""
    before = org.session.access
    room.there.expire_sessions()
    assert accounts(org, schemas) == 6
    assert org.session.access.value != before.value
    assert org.api_calls == room.counted == 1


def test_a_fresh_session_that_is_refused_as_well_is_a_missing_right(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """Renewing for ever would hide that an IP restriction or a policy ends every session."""
    room.breaks(FaultKind.SESSION_EXPIRED, "/query", times=9)
    with pytest.raises(errors.NotPermitted) as caught:
        accounts(org, schemas)
    assert not isinstance(caught.value, errors.NotConnected)
    assert caught.value.code == "access_restricted"
    for told in ("IP", "API Access Control", "scope"):
        assert told in caught.value.remedy.en
    assert len(room.there.faults.pending()) == 1
    assert room.there.faults.pending()[0].hits == 2


@pytest.mark.parametrize(("language", "asked"), [("en", 1), ("ja", 2)])
def test_a_session_that_may_not_use_the_api_is_a_missing_right(
    room: Room, org: Org, schemas: Schemas, language: str, asked: int
) -> None:
    """Real orgs word it as an expired session; English words spare the renewal, no more."""
    fault = room.breaks(
        FaultKind.RECORDED, "/query", answer="session_not_for_rest", language=language, times=9
    )
    with pytest.raises(errors.NotPermitted) as caught:
        accounts(org, schemas)
    assert caught.value.code == "access_restricted"
    assert fault.hits == asked


def test_threads_that_find_the_token_dead_renew_it_once(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """A second renewal would cost a login each, and with rotation break the connection."""
    logins: list[str] = []
    source = org.session._tokens  # noqa: SLF001 - counts its logins
    assert isinstance(source, ClientCredentials)
    ask = source._ask  # noqa: SLF001

    def counted() -> AccessToken:
        logins.append("login")
        return ask()

    source._ask = counted  # type: ignore[method-assign]  # noqa: SLF001 - counts real logins
    room.there.expire_sessions()
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: accounts(org, schemas), range(12)))
    assert found == [6] * 12
    assert logins == ["login"]


@pytest.mark.parametrize("status", [406, 420, 429, 500, 502, 503])
def test_answers_that_pass_are_asked_again(
    room: Room, org: Org, schemas: Schemas, status: int
) -> None:
    """Salesforce restarts a node and answers 503 for a moment."""
    fault = room.breaks(FaultKind.STATUS, "/query", status=status, times=2)
    assert accounts(org, schemas) == 6
    assert fault.hits == 2


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.TRUNCATED_SILENTLY]
)
def test_broken_answers_are_asked_again(
    room: Room, org: Org, schemas: Schemas, kind: FaultKind
) -> None:
    """A body that breaks off without Content-Length looks whole to every HTTP library."""
    fault = room.breaks(kind, "/query", times=2)
    assert accounts(org, schemas) == 6
    assert fault.hits == 2


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.STATUS, errors.OrgUnavailable),
        (FaultKind.RESET, errors.OrgUnavailable),
        (FaultKind.TRUNCATED, errors.IncompleteRead),
        (FaultKind.TRUNCATED_SILENTLY, errors.IncompleteRead),
    ],
)
def test_after_five_attempts_it_is_given_up(
    room: Room, org: Org, schemas: Schemas, kind: FaultKind, error: type[errors.FlyleError]
) -> None:
    """Bounded here; the run comes back later."""
    fault = room.breaks(kind, "/query", times=99)
    with pytest.raises(error) as caught:
        accounts(org, schemas)
    assert fault.hits == 5
    assert caught.value.retryable


def test_the_spent_allowance_is_not_asked_again(room: Room, org: Org, schemas: Schemas) -> None:
    """403 REQUEST_LIMIT_EXCEEDED stays for hours: every further request makes it worse."""
    fault = room.breaks(FaultKind.LIMIT_EXCEEDED, "/query", times=9)
    with pytest.raises(errors.ApiBudgetSpent) as caught:
        accounts(org, schemas)
    assert fault.hits == 1
    assert caught.value.exit_code == 5


def test_every_counted_call_is_counted_and_the_allowance_kept(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """The ledger must agree with Salesforce's own."""
    assert org.limit_usage is None
    room.there.set_api_limit(5000, 41)
    room.breaks(FaultKind.TRUNCATED, "/query", times=2)
    accounts(org, schemas)
    org.simple_salesforce().limits()
    assert org.api_calls == room.counted == 4
    assert org.limit_usage == LimitUsage(used=45, max=5000)


def test_an_impossible_figure_of_the_allowance_is_not_believed(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """A header of "999,999,999,999 of 1" would postpone every sync until the next good one."""
    room.there.set_api_limit(5000, 41)
    accounts(org, schemas)
    believed = org.limit_usage
    room.there.usage.daily_max = 20
    with pytest.raises(errors.ApiBudgetSpent):
        accounts(org, schemas)
    assert org.limit_usage == believed


def test_the_clock_is_salesforces(room: Room, org: Org, schemas: Schemas) -> None:
    """Watermarks by our own clock lose rows when it runs ahead."""
    room.there.set_clock_skew(-3600)
    accounts(org, schemas)
    now = room.there.now()
    assert timedelta(0) <= now - org.server_now < timedelta(seconds=3)
    assert org.server_now.utcoffset() == timedelta(0)


def test_simple_salesforce_works_on_our_session(room: Room, org: Org) -> None:
    """Unmodified: its requests are authorised, renewed, retried and counted by ours."""
    room.there.expire_sessions()
    room.breaks(FaultKind.RESET, "/limits")
    limits = org.simple_salesforce().limits()
    assert limits["DailyApiRequests"]["Max"] == room.there.usage.daily_max


def test_the_newest_version_that_both_know_is_found(room: Room, schemas: Schemas) -> None:
    """An org in a preview release serves versions that nobody has tried this code with."""
    with open_org(room.connection, room.reveal, replace(room.access(), api_version=None)) as org:
        assert org.session.api_version == "66.0"
        assert accounts(org, schemas) == 6
    with open_org(room.connection, room.reveal, replace(room.access(), api_version="65.0")) as org:
        assert org.session.data_path("/query") == "/services/data/v65.0/query"
        assert accounts(org, schemas) == 6


def test_a_token_goes_to_its_own_instance_only(org: Org) -> None:
    """An absolute URL in an answer must not carry the token away."""
    with pytest.raises(AssertionError, match="own instance"):
        org.session.get("https://other.my.salesforce.com/services/data")


def revealed(values: dict[str, str], ref: SecretRef) -> str:
    """The value of that name."""
    return values[ref.env or ""]


def test_a_wrong_secret_and_an_unknown_key_are_told_apart(room: Room) -> None:
    """One is cured by copying again, the other by waiting ten minutes."""
    for key, secret, code in (
        (room.there.consumer_key, "wrong", "secret_wrong"),
        ("unknown", "wrong", "app_unknown"),
    ):
        values = {"KEY": key, "SECRET": secret}
        with pytest.raises(errors.NotConnected) as caught:
            open_org(room.connection, partial(revealed, values), room.access())
        assert caught.value.code == code
        assert caught.value.exit_code == 4


def test_an_inactive_user_is_no_connection(room: Room) -> None:
    """The Run As user left the company."""
    room.there.deactivate_user()
    with pytest.raises(errors.NotPermitted):
        room.open()


def test_logging_in_survives_a_moments_outage(room: Room) -> None:
    """Client credentials may be sent again; a rotating refresh token may not."""
    room.breaks(FaultKind.STATUS, "/services/oauth2/token", status=503, times=2)
    with room.open() as org:
        assert org.org_id == room.there.org_id
    fault = room.breaks(FaultKind.STATUS, "/services/oauth2/token", status=503, times=9)
    form = {"grant_type": "client_credentials", "client_id": room.there.consumer_key}
    with pytest.raises(errors.OrgUnavailable), TokenTransport(room.access().network) as transport:
        transport.ask(room.server.url, form, retries=False)
    assert fault.hits == 1


def test_a_certificate_of_an_unknown_ca_is_refused(room: Room) -> None:
    """The remedy names the variable that adds a CA."""
    access = replace(room.access(), network=replace(room.access().network, ca_file=None))
    with pytest.raises(errors.OrgUnavailable) as caught:
        open_org(room.connection, room.reveal, access)
    assert caught.value.code == "tls_not_trusted"
    assert "FLYLE_SF_CA_FILE" in caught.value.remedy.en


def test_a_ca_file_that_is_none_is_the_operators_mistake(tmp_path: Path) -> None:
    """Exit code 2: waiting does not help."""
    no_ca = tmp_path / "ca.pem"
    no_ca.write_text("not a certificate")
    for path in (no_ca, tmp_path / "missing.pem"):
        with pytest.raises(errors.UsageError) as caught:
            Transport(Network(ca_file=path))
        assert caught.value.code == "ca_file_unreadable"


def test_the_environment_does_not_change_whom_we_trust(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """REQUESTS_CA_BUNDLE overrides session.verify in requests; a proxy would see the token."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with room.open() as org:
        assert org.org_id == room.there.org_id


def test_an_org_url_that_is_no_salesforce_host_is_never_called(room: Room) -> None:
    """Settings are written by customers; our network is not theirs to ask."""
    connection = room.connection.model_copy(update={"org_url": "https://169.254.169.254"})
    with pytest.raises(errors.UsageError):
        open_org(connection, lambda _: pytest.fail("no secret is needed"), room.access())


def test_an_unknown_host_and_a_closed_port_are_unavailable(room: Room) -> None:
    """Two remedies: spelling and DNS, or the network."""
    for host, code in (("nowhere.invalid:443", "host_not_found"), ("127.0.0.1:9", "unreachable")):
        connection = room.connection.model_copy(update={"org_url": f"https://{host}"})
        network = replace(room.access().network, extra_hosts=(host,))
        with pytest.raises(errors.OrgUnavailable) as caught:
            open_org(connection, room.reveal, replace(room.access(), network=network))
        assert caught.value.code == code


def test_a_flow_without_tokens_says_to_connect(room: Room) -> None:
    """Web-server tokens come from the console."""
    connection = room.connection.model_copy(update={"flow": "web_server"})
    with pytest.raises(errors.NotConnected) as caught:
        open_org(connection, room.reveal, room.access())
    assert "flyle-sf connect" in caught.value.remedy.en


def test_a_missing_secret_passes_as_it_is(room: Room) -> None:
    """The room that finds secrets has its own words for it."""
    nothing = errors.Text("", "")

    def reveal(ref: SecretRef) -> str:
        raise errors.NotConnected(
            "secret_missing", tried=nothing, came_back=errors.Text.quoted(ref.env), remedy=nothing
        )

    with pytest.raises(errors.NotConnected) as caught:
        open_org(room.connection, reveal, room.access())
    assert caught.value.code == "secret_missing"


def test_a_slow_answer_is_given_up(room: Room, schemas: Schemas) -> None:
    """A connection that hangs would hold a worker for ever: there is a time-out everywhere."""
    access = room.access()
    network = replace(access.network, read_timeout_s=0.2, retry=RetryPolicy(attempts=2))
    with open_org(room.connection, room.reveal, replace(access, network=network)) as org:
        room.breaks(FaultKind.SLOW, "/query", seconds=1.0, times=9)
        with pytest.raises(errors.OrgUnavailable) as caught:
            accounts(org, schemas)
    assert caught.value.code == "timed_out"
    room.there.faults.clear()
