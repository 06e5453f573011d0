"""stderr in a pipe or a file: log lines as JSON or as text, and people's text once.

What does not belong here: a terminal (``test_terminal.py``).
"""

import json

import pytest

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets_tests.cli.site import Site, make_org


@pytest.fixture(scope="module")
def down(here: Site) -> Site:
    """A tenant whose org answers no question about its objects."""
    org = make_org(accounts=3, opportunities=0)
    here.link("acme", org)
    org.faults.add(Fault(FaultKind.STATUS, "/composite", status=503, times=999))
    org.faults.add(Fault(FaultKind.STATUS, "/sobjects", status=503, times=999))
    return here


def test_without_a_terminal_events_are_json_and_the_error_stands_there_once(down: Site) -> None:
    """Each retry quoted the arguments of a function without arguments."""
    answer = down.run_process("check", "acme")
    assert (answer.code, answer.out) == (5, "")
    lines = answer.err.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    retries = [one for one in events if one["event"] == "retry"]
    assert [(one["attempt"], one["attempts"]) for one in retries] == [
        (2, 5), (3, 5), (4, 5), (5, 5),
    ]  # fmt: skip
    assert {(one["code"], one["level"]) for one in retries} == {("org_busy", "warning")}
    told = "\n".join(line for line in lines if not line.startswith("{"))
    assert told.count("org_busy") == told.count("What to do") == 1
    assert "対処" not in told
    assert "trying again" not in told


def test_text_has_plain_lines_of_the_retries_and_no_json(down: Site) -> None:
    answer = down.run_process("check", "acme", "--lang", "ja", FLYLE_LOG_FORMAT="text")
    lines = answer.err.splitlines()
    assert not [line for line in lines if line.startswith("{") or "\x1b" in line]
    assert [line[-3:] for line in lines if "再試行しています" in line] == [
        "2/5", "3/5", "4/5", "5/5",
    ]  # fmt: skip
    assert answer.err.count("対処") == 1
    assert "What to do" not in answer.err


@pytest.mark.parametrize("name", ["FLYLE_LOG_LEVEL", "FLYLE_LOG_FORMAT"])
def test_a_wrong_variable_is_wrong_usage(here: Site, name: str) -> None:
    """The message named an option that the person had not written."""
    answer = here.run_process("status", "--json", **{name: "LOUD"})
    assert answer.code == 2
    error = answer.document["error"]
    assert error["code"] == "usage"
    assert name in error["tried"]
    assert "LOUD" in error["came_back"]
    assert "Traceback" not in answer.err


def test_the_language_is_chosen_before_or_after_the_command(here: Site) -> None:
    for arguments in (
        ("--lang", "ja", "history", "acme", "no-id"),
        ("history", "acme", "no-id", "--lang=ja"),
        ("history", "--lang", "ja", "acme", "no-id"),
    ):
        assert "行ったこと" in here.run(*arguments).err
    english = here.run("history", "acme", "no-id", "--lang", "en", LC_ALL="ja_JP.UTF-8").err
    assert "Attempt" in english
    assert "行ったこと" not in english
    assert here.run("status", "--lang", "fr").code == 2
