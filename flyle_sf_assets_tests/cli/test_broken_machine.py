"""A disk that is full or read-only and a PostgreSQL that goes away, under the real command.

The disks are real ones, of a few kilobytes, mounted in a mount namespace of the command alone.
What does not belong here: exceptions of every kind (``test_unforeseen.py``).
"""

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import sql

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.disks import DISKS, mounted, needs_mounts
from flyle_sf_assets_tests.cli.site import Answer, Site, make_org
from flyle_sf_assets_tests.postgres import admin, postgres_urls

MARKER = "geheimer-Wert-7734"


@pytest.fixture(scope="module")
def linked(here: Site) -> Site:
    """A tenant whose records hold the marker."""
    org = make_org(samples.account_org)
    for record in org.ids("Account"):
        org.update("Account", record, {"Name": MARKER})
    here.link("acme", org)
    assert here.run("apply", "--json").code == 0
    return here


@needs_mounts
@pytest.mark.parametrize("name", DISKS)
def test_a_disk_that_takes_nothing_is_said_by_its_code(name: str, linked: Site) -> None:
    """It read "ended unexpectedly (ComputeError)", under a traceback, with an empty stdout."""
    disk = DISKS[name]
    command, places = mounted(disk, linked.home.parent / f"{name}-disk")
    answer = linked.answer_of(
        linked.start("sync", "acme", "--full", "--json", before=command, **places)
    )
    assert answer.code == 1, answer.err
    error = answer.document["error"]
    assert error["code"] == disk.code
    _assert_nothing_else(answer)
    if disk.variable == "FLYLE_LAKE_URL":
        _assert_kept(linked, "acme", disk.code)


@pytest.mark.parametrize("which", ["product", "dagster"])
def test_a_postgresql_that_goes_away_in_the_middle_is_said_by_its_code(
    which: str, linked: Site
) -> None:
    """Killed between two steps it left a traceback of SQLAlchemy with the statement's values."""
    url = linked.database_url if which == "product" else linked.dagster_url
    database = str(sa.make_url(url).database)
    process = linked.start("sync", "acme", "--full", "--json")
    _await_running(linked)
    with admin(postgres_urls().admin) as connection:
        name = sql.Identifier(database)
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        answer = linked.answer_of(process)
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    assert answer.code == 1, answer.err
    assert answer.document["error"]["code"] == "store_unavailable"
    assert answer.document["error"]["retryable"] is True
    _assert_nothing_else(answer)
    assert linked.run("sync", "acme", "--json").code == 0


def _await_running(site: Site) -> None:
    deadline = time.monotonic() + 60
    while not site.query("SELECT FROM flyle.syncs WHERE state = 'running'"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _assert_nothing_else(answer: Answer) -> None:
    """No traceback, no value, and an incident of the answer is in the log."""
    assert "Traceback" not in answer.err
    assert MARKER not in answer.out + answer.err
    incident = answer.document["error"].get("incident")
    if incident:
        assert [line for line in answer.err.splitlines() if _incident(line) == incident]


def _incident(line: str) -> Any:
    return json.loads(line).get("incident") if line.startswith("{") else None


def _assert_kept(site: Site, tenant: str, code: str) -> None:
    """The link, the sync and Dagster say the same code, and none of them a value."""
    ((attention,),) = site.query(
        f"SELECT attention FROM flyle.links WHERE tenant_id = '{tenant}'"  # noqa: S608 - ours
    )
    assert [one["code"] for one in attention] == [code]
    ((error,),) = site.query("SELECT error FROM flyle.syncs ORDER BY sync_id DESC LIMIT 1")
    assert error.startswith(f"[{code}]")
    theirs = site.texts_of(site.dagster_url, "public")
    assert any(f'"{code}"' in text.replace('""', '"') for text in theirs if "STEP_FAILURE" in text)
    failures = [text for text in theirs if "STEP_FAILURE" in text or "RUN_FAILURE" in text]
    for text in (*failures, str(attention), error):
        assert MARKER not in text
