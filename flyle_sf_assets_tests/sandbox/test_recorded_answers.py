"""Each recorded answer on the wire, in English and in Japanese; codes are the same in both."""

import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.recorded_answers import RECORDED_ANSWERS
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.sandbox.conftest import Get

CALLBACK = "https://app.example/callback"

LANGUAGES = pytest.mark.parametrize("language", ["en", "ja"])


def names(way: str) -> list[str]:
    """The answers that come that way."""
    return sorted(name for name, answer in RECORDED_ANSWERS.items() if answer.way == way)


def planned(org: Org, name: str, language: str) -> Fault:
    """The org gives that answer once."""
    return org.faults.add(Fault(FaultKind.RECORDED, answer=name, language=language))


def is_in_language(words: str, language: str) -> bool:
    """Whether there is Japanese in it, or there is none."""
    return any(ord(letter) > 0x3000 for letter in words) == (language == "ja")


@LANGUAGES
@pytest.mark.parametrize("name", names("rest"))
def test_a_resource_refuses_as_recorded(org: Org, get: Get, name: str, language: str) -> None:
    fault = planned(org, name, language)
    answer = get("/limits")
    (error,) = answer.json()
    expected = RECORDED_ANSWERS[name]
    assert (answer.status_code, error["errorCode"]) == (expected.status, expected.code)
    assert is_in_language(error["message"], language)
    assert fault.hits == 1
    assert get("/limits").ok


@LANGUAGES
@pytest.mark.parametrize("name", names("token"))
def test_the_token_endpoint_refuses_as_recorded(
    org: Org, served: SandboxServer, session: requests.Session, get: Get, name: str, language: str
) -> None:
    """No other request meets it."""
    planned(org, name, language)
    assert get("/limits").ok
    form = {
        "grant_type": "client_credentials",
        "client_id": org.consumer_key,
        "client_secret": org.consumer_secret,
    }
    url = f"{served.url}/services/oauth2/token"
    answer = session.post(url, data=form, timeout=10)
    body, expected = answer.json(), RECORDED_ANSWERS[name]
    assert (answer.status_code, body["error"]) == (expected.status, expected.code)
    assert is_in_language(body["error_description"], language)


@LANGUAGES
@pytest.mark.parametrize("name", names("callback"))
def test_the_callback_is_told_as_recorded(
    org: Org, served: SandboxServer, session: requests.Session, name: str, language: str
) -> None:
    """The state comes back with it, so that it is known whose consent it was."""
    planned(org, name, language)
    asked = {"client_id": org.consumer_key, "redirect_uri": CALLBACK, "state": "state-of-ours"}
    answer = session.get(
        f"{served.url}/services/oauth2/authorize", params=asked, allow_redirects=False, timeout=10
    )
    told = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert (told["error"], told["state"]) == (RECORDED_ANSWERS[name].code, "state-of-ours")
    assert is_in_language(told["error_description"], language)


@LANGUAGES
@pytest.mark.parametrize("name", names("job"))
def test_a_job_ends_failed_as_recorded(
    org: Org, served: SandboxServer, session: requests.Session, get: Get, name: str, language: str
) -> None:
    """The id for support is there in every language."""
    planned(org, name, language)
    get("/limits")
    url = f"{served.url}/services/data/v66.0/jobs/query"
    bearer = {"Authorization": f"Bearer {org.issue_access_token()}"}
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    job = session.post(url, json=body, headers=bearer, timeout=10).json()["id"]
    ended = _ended(lambda: session.get(f"{url}/{job}", headers=bearer, timeout=10).json())
    assert ended["state"] == "Failed"
    assert "326566388-63578 (-436445966)" in ended["errorMessage"]
    assert is_in_language(ended["errorMessage"], language)


def _ended(ask: Callable[[], dict[str, str]]) -> dict[str, str]:
    for _ in range(200):
        job = ask()
        if job["state"] in {"JobComplete", "Failed", "Aborted"}:
            return job
        time.sleep(0.05)
    raise AssertionError("the job never ended")


def test_an_answer_that_nobody_recorded_cannot_be_planned() -> None:
    """A typing mistake would make a test that tests nothing."""
    with pytest.raises(ValueError, match="login_in_progress"):
        Fault(FaultKind.RECORDED, answer="login_in_progres")


def test_another_process_can_plan_one(
    org: Org, served: SandboxServer, session: requests.Session, get: Get
) -> None:
    """As the demo and tests of processes do."""
    url = f"{served.url}/sandbox/orgs/{org.name}/faults"
    control = {"Authorization": f"Bearer {served.control_token}"}
    order = {"kind": "recorded", "answer": "password_expired", "language": "ja"}
    session.post(url, json=order, headers=control, timeout=10).raise_for_status()
    assert get("/limits").json()[0]["errorCode"] == "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"
