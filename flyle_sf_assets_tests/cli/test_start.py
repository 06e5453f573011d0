"""What a command loads before it answers: by the names of modules, which no machine changes.

A list has the libraries that a process of its kind must not wait for. What a start costs in CPU
seconds is measured in ``docs/performance.md``.
"""

import re
import subprocess
import sys
from collections.abc import Collection

import pytest

from flyle_sf_assets_tests.cli.site import Site, make_org

DAGSTER = {"dagster", "dagster_shared", "dagster_postgres", "grpc"}
FRAMES = {"polars", "polars_hash", "pandera", "pandas"}
HTTP = {"requests", "urllib3", "simple_salesforce", "stamina", "cryptography", "jwt"}
SERVERS = {"starlette", "uvicorn", "jinja2", "trustme", "lark", "celery", "redis"}
STORE = {"sqlalchemy", "psycopg", "alembic", "obstore"}

NOT_FOR_HELP = DAGSTER | FRAMES | HTTP | SERVERS | STORE | {"pydantic", "ruamel", "structlog"}
NOT_FOR_STATUS = (
    DAGSTER | FRAMES | HTTP | SERVERS | {"alembic", "obstore", "psycopg2", "structlog", "ruamel"}
)
NOT_FOR_IDLE_SYNC = (
    DAGSTER
    | SERVERS
    | {
        "alembic",
        "obstore",
        "psycopg2",
        "pandera",
        "polars_hash",
        "pandas",
        "simple_salesforce",
        "jwt",
    }
)
NOT_FOR_THE_CODE_LOCATION = SERVERS - {"jinja2"} | {
    "pandas",
    "pandera",
    "simple_salesforce",
    "jwt",
    "ruamel",
}

IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\w+)", re.MULTILINE)
"""A line of ``python -X importtime``: the module's first name."""


USUAL_THRESHOLDS = (700, 10, 10)
COLLECTIONS_MAX = 10
"""Of Python's garbage collector while the code location loads: 3, with its usual threshold 226."""


def among(libraries: Collection[str], told: str) -> set[str]:
    """The libraries that a process imported, by what it wrote on stderr."""
    imported = set(IMPORTED.findall(told))
    assert {"os", "flyle_sf_assets"} <= imported
    return imported & set(libraries)


@pytest.fixture(scope="module")
def synced(here: Site) -> Site:
    """A tenant that was synced, whose org has had nothing new since."""
    here.link("acme", make_org(accounts=7))
    assert here.run("sync", "acme").code == 0
    return here


@pytest.mark.parametrize(
    ("command", "too_heavy"),
    [
        (("--help",), NOT_FOR_HELP),
        (("sync", "--help"), NOT_FOR_HELP - {"pydantic"}),
        (("status",), NOT_FOR_STATUS),
        (("status", "acme"), NOT_FOR_STATUS),
        (("sync", "acme"), NOT_FOR_IDLE_SYNC),
    ],
    # Not of the sets: each process of a test run has its own order of them.
    ids=["--help", "sync --help", "status", "status acme", "sync acme"],
)
def test_a_command_does_not_load_what_it_does_not_need(
    command: tuple[str, ...], too_heavy: set[str], synced: Site
) -> None:
    """``sync`` of an unchanged tenant loaded Dagster, ``status`` polars and requests."""
    answer = synced.run_process(*command, PYTHONPROFILEIMPORTTIME="1")
    assert answer.code == 0
    assert not among(too_heavy, answer.err)


def test_the_code_location_does_not_load_what_its_definitions_do_not_need() -> None:
    assert not among(NOT_FOR_THE_CODE_LOCATION, loaded("pass"))


def test_the_code_location_loads_and_ends_without_collecting_its_own_modules() -> None:
    """Collections were a third of what loading it cost, half of that when the process ended."""
    count = "sum(one['collections'] for one in gc.get_stats())"
    told = loaded(
        f"print({count} - before, *gc.get_threshold())",
        "import atexit, gc, dagster\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        f"before = {count}",
    )
    after, at_end = told.splitlines()[:2]
    collections, *thresholds = map(int, after.split())
    assert collections <= COLLECTIONS_MAX
    assert int(at_end) > 0
    # A frame in a cycle would stay in memory for most of a refresh.
    assert tuple(thresholds) == USUAL_THRESHOLDS


def loaded(after: str, before: str = "pass") -> str:
    """What a process that loads the code location writes, its imports included."""
    script = f"{before}\nimport flyle_sf_assets.definitions\n{after}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return done.stdout + done.stderr
