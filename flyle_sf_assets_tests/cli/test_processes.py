"""``flyle-sf`` as a process, and inside the test's process, where most tests run it."""

import logging
import os
import re
import sys
import warnings
from pathlib import Path

import pytest
import stamina
import structlog

from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets_tests.cli.site import Answer, Site, make_org

COMMANDS = (
    ("schema",),
    ("db", "upgrade"),
    ("apply", "--json"),
    ("check", "acme"),
    ("preview", "acme", "--json"),
    ("status", "acme"),
    ("sync", "acme", "--full", "--json"),
    ("census", "acme", "--json"),
    ("history", "acme", "001000000000001AAA", "--json"),
    ("connect", "nobody"),
    ("disconnect", "nobody"),
    ("secrets", "rotate"),
)
OF_ONE_RUN = re.compile(r'"(?:sync_id|seconds)": [0-9.]+')


@pytest.fixture(scope="module")
def synced(here: Site) -> Site:
    """A tenant that was synced."""
    here.link("acme", make_org(accounts=7))
    assert here.run("sync", "acme").code == 0
    return here


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_process_says_what_a_run_inside_the_test_says(
    command: tuple[str, ...], synced: Site
) -> None:
    """Else tests would show what no person at a terminal sees."""
    inside = synced.run(*command)
    assert inside.out + inside.err
    assert _of_any_run(synced.run_process(*command)) == _of_any_run(inside)


def _of_any_run(answer: Answer) -> Answer:
    out, err = (OF_ONE_RUN.sub("", text) for text in (answer.out, answer.err))
    return Answer(answer.code, out, err)


def _state_of_this_process() -> tuple[object, ...]:
    umask = os.umask(0)
    os.umask(umask)
    streams = [(sys.stdout, os.fstat(1).st_ino), (sys.stderr, os.fstat(2).st_ino)]
    loggers = logging.root.level, list(logging.root.handlers), structlog.get_config()
    patched = sys.argv, bounds.CLOCK_SKEW_S, stamina.is_testing(), list(warnings.filters)
    return dict(os.environ), Path.cwd(), umask, streams, loggers, patched


def test_what_a_command_changes_in_its_process_ends_with_it(synced: Site) -> None:
    """An environment or a log level that stayed would decide what later tests show."""
    before = _state_of_this_process()
    level = ("--log-level", "DEBUG")
    assert synced.run(*level, "sync", "acme", "--full").code == 0
    assert synced.run(*level, "sync", "acme", ACME_SF_SECRET="wrong").code == 4
    assert _state_of_this_process() == before
