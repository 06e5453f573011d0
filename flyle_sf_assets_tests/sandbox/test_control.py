"""The control endpoints, and the sandbox as a process of its own."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer

SERVE = (
    "import sys; from pathlib import Path; from flyle_sf_assets.sandbox.serving import serve; "
    "serve(Path(sys.argv[1]))"
)


@pytest.fixture
def control(served: SandboxServer, session: requests.Session) -> requests.Session:
    """A session with the control token."""
    session.headers["Authorization"] = f"Bearer {served.control_token}"
    return session


def test_control_needs_its_token(
    served: SandboxServer, session: requests.Session, org: Org
) -> None:
    """A Salesforce token is none."""
    url = f"{served.url}/sandbox/orgs"
    assert session.get(url, timeout=10).status_code == 401
    bearer = {"Authorization": f"Bearer {org.issue_access_token()}"}
    assert session.get(url, headers=bearer, timeout=10).status_code == 401


def test_another_process_can_change_an_org_and_read_its_counters(
    org: Org, served: SandboxServer, control: requests.Session
) -> None:
    """Tests that run the product in processes of its own drive the org like this."""
    base = f"{served.url}/sandbox/orgs/hooli"
    made = control.post(
        f"{base}/apply", json={"do": "insert", "args": ["Account", {"Name": "A"}]}, timeout=10
    ).json()["result"]
    change = {"do": "update", "args": ["Account", made, {"Name": "B"}], "options": {"late_s": 0}}
    control.post(f"{base}/apply", json=change, timeout=10).raise_for_status()
    assert org.record("Account", made)["Name"] == "B"
    org.count_call("query")
    counters = control.get(base, timeout=10).json()
    assert (counters["api_calls"], counters["requests"]) == (1, {"query": 1})


def test_only_mutations_can_be_applied(
    org: Org, served: SandboxServer, control: requests.Session
) -> None:
    """And what an org refuses is told."""
    url = f"{served.url}/sandbox/orgs/hooli/apply"
    assert control.post(url, json={"do": "issue_access_token"}, timeout=10).status_code == 400
    answer = control.post(url, json={"do": "insert", "args": ["Nonsense", {}]}, timeout=10)
    assert "INVALID_TYPE" in answer.json()["error"]


def test_faults_can_be_planned_and_cleared(
    org: Org, served: SandboxServer, control: requests.Session
) -> None:
    """The kill tests plan them from outside."""
    url = f"{served.url}/sandbox/orgs/hooli/faults"
    plan = {"kind": "status", "path_prefix": "/query", "status": 500, "times": 3}
    control.post(url, json=plan, timeout=10).raise_for_status()
    assert [(f.kind.value, f.times) for f in org.faults.pending()] == [("status", 3)]
    control.delete(url, timeout=10).raise_for_status()
    assert org.faults.pending() == []


def test_the_sandbox_as_a_process(tmp_path: Path) -> None:
    """It says where it is, keeps its CA over restarts, and ends at SIGTERM."""
    authorities = []
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path)])
        try:
            described = tmp_path / "sandbox.json"
            deadline = time.monotonic() + 30
            while not described.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.05)
            body = json.loads(described.read_text(encoding="utf-8"))
            assert described.stat().st_mode & 0o077 == 0
            answer = requests.get(
                f"{body['url']}/sandbox/orgs", verify=body["ca_file"], timeout=10,
                headers={"Authorization": f"Bearer {body['control_token']}"},
            )  # fmt: skip
            assert {org["org"] for org in answer.json()} == {"acme", "globex"}
            authorities.append(Path(body["ca_file"]).read_bytes())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) == 0
        assert not described.exists()
    assert authorities[0] == authorities[1]
