"""Rotating refresh tokens over processes: none is ever used twice, none is lost."""

import json
from pathlib import Path

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.connection import connect as connecting
from flyle_sf_assets.connection.connect import AppEntry, Callback
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import StoredGrant, open_connected_org
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.cli.site import make_org
from flyle_sf_assets_tests.consenting import CALLBACK, consented
from flyle_sf_assets_tests.processes import line_of, python, tell

PROCESSES, ROUNDS = 3, 4

WORKER = """
import json, sys
from pathlib import Path
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_connected_org
from flyle_sf_assets.store.postgres.database import Database

given = json.loads(sys.argv[1])
environment = Environment(Path(given["home"]), Path(given["home"]), given["home"],
    sf_ca_file=Path(given["ca_file"]), sf_extra_hosts=(given["host"],))
here = Installation(environment, Database(given["url"]), given["url"], given["url"])
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        with open_connected_org(here, "acme") as org:
            org.simple_salesforce().limits()
    print("done", flush=True)
"""


@pytest.fixture
def there(installation: Installation, server: SandboxServer) -> Org:
    """An org that rotates refresh tokens, connected to."""
    org = make_org()
    org.rotates_refresh_tokens = True
    server.add(org)
    app = AppEntry(server.url, org.consumer_key, org.consumer_secret)
    started = connecting.begin_connect(
        installation, "acme", redirect_uri=CALLBACK, by="test", app=app
    )
    query = consented(server, started.authorisation_url, user=org.connected_user_id)
    connecting.finish_connect(installation, "acme", Callback.from_query(query), by="test")
    return org


def test_processes_that_refresh_at_once_never_use_a_token_twice(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """A token that is used twice revokes everything: then the last opening would fail."""
    places = installation.environment
    given = json.dumps(
        {
            "home": str(places.home),
            "ca_file": str(places.sf_ca_file),
            "host": server.url.removeprefix("https://"),
            "url": installation.database_url,
        }
    )
    first = there.refresh_tokens
    with (
        python(WORKER, given) as one,
        python(WORKER, given) as two,
        python(WORKER, given) as three,
    ):
        workers = (one, two, three)
        assert [line_of(worker) for worker in workers] == ["ready"] * PROCESSES
        for worker in workers:
            tell(worker, str(ROUNDS))
        assert [line_of(worker) for worker in workers] == ["done"] * PROCESSES
    assert len(there.refresh_tokens) == 1
    assert there.refresh_tokens != first
    kept = StoredGrant(installation, "acme").read()
    assert kept is not None
    assert kept.refresh_token == there.refresh_tokens[0]


def test_a_new_token_is_stored_before_it_is_used(installation: Installation, there: Org) -> None:
    """Anyone who dies right after the refresh leaves the next token behind, not the spent one."""
    there.faults.add(Fault(FaultKind.STATUS, "/limits", times=99))
    with (
        open_connected_org(installation, "acme") as org,
        pytest.raises(errors.OrgUnavailable),
    ):
        org.simple_salesforce().limits()
    kept = StoredGrant(installation, "acme").read()
    assert kept is not None
    assert (kept.refresh_token,) == there.refresh_tokens
    assert kept.access.value in there.sessions


def test_a_token_whose_storing_fails_is_not_used(
    installation: Installation, there: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away at the worst moment: no request goes out with the new token."""

    def away(*_: object) -> None:
        raise errors.StoreUnavailable(
            "store_unavailable",
            tried=errors.Text("", ""),
            came_back=errors.Text.quoted("away"),
            remedy=errors.Text("", ""),
        )

    calls = there.usage.total
    monkeypatch.setattr(StoredGrant, "replace", away)
    with pytest.raises(errors.StoreUnavailable):
        open_connected_org(installation, "acme")
    assert there.usage.total == calls


def test_a_refresh_is_sent_once_even_when_the_answer_breaks_off(
    installation: Installation, there: Org
) -> None:
    """Retrying it would use the token twice."""
    fault = there.faults.add(Fault(FaultKind.TRUNCATED, "/services/oauth2/token", times=99))
    with pytest.raises(errors.IncompleteRead):
        open_connected_org(installation, "acme")
    assert fault.hits == 1
    there.faults.clear()
    with pytest.raises(errors.NotConnected) as refused:
        open_connected_org(installation, "acme")
    assert refused.value.code == "grant_refused"


def test_sessions_that_end_are_renewed_wherever_they_are_in_use(
    installation: Installation, there: Org
) -> None:
    """Two openings, one grant: the token that the other one kept last is as dead as one's own."""
    with (
        open_connected_org(installation, "acme") as one,
        open_connected_org(installation, "acme") as two,
    ):
        for _ in range(2):
            there.expire_sessions()
            assert one.simple_salesforce().limits()
            assert two.simple_salesforce().limits()
    assert len(there.refresh_tokens) == 1


def test_no_secret_stands_in_plain_text_in_the_home(
    installation: Installation, there: Org, tmp_path: Path
) -> None:
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (*there.refresh_tokens, *there.sessions, there.consumer_secret):
        assert not any(secret.encode() in text for text in texts)
