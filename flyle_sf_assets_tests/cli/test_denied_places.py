"""A place of the installation that belongs to another account is said as such, by every command.

As root the command runs without the capabilities by which root passes over permissions. What does
not belong here: disks that are full or read-only (``test_broken_machine.py``).
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.site import Answer, Site, make_org

ANOTHER = 65534
SETTINGS = "config_dir_not_permitted"
DENIED = "“Permission denied (EACCES)”"
POWERS = "-dac_override,-dac_read_search,-fowner,-chown"
ORDINARY = (
    ("setpriv", f"--inh-caps={POWERS}", f"--bounding-set={POWERS}") if os.geteuid() == 0 else ()
)


@dataclass(frozen=True)
class Place:
    """A folder or file below the home, and what the command says of it when it is denied."""

    path: str
    variable: str
    code: str = "storage_not_permitted"


PLACES = {
    "home": Place(".", "FLYLE_HOME"),
    "dagster": Place("dagster", "FLYLE_HOME"),
    "dagster_settings": Place("dagster/dagster.yaml", "FLYLE_HOME"),
    "lake": Place("lake", "FLYLE_LAKE_URL"),
    "lake_of_tenant": Place("lake/acme", "FLYLE_LAKE_URL"),
    "lake_of_dataset": Place("lake/acme/accounts", "FLYLE_LAKE_URL"),
    "settings": Place("config", "FLYLE_CONFIG_DIR", SETTINGS),
    "settings_of_tenants": Place("config/tenants", "FLYLE_CONFIG_DIR", SETTINGS),
}
COMMANDS = {
    "sync": ("sync", "acme", "--full", "--json"),
    "census": ("census", "acme", "--json"),
    "status": ("status", "--json"),
    "check": ("check", "acme", "--json"),
    "preview": ("preview", "acme", "--json"),
    "apply": ("apply", "--json"),
}
TRIED = [
    *[("sync", place) for place in PLACES],
    ("census", "home"),
    ("census", "lake_of_dataset"),
    ("status", "home"),
    ("status", "lake"),
    ("preview", "lake"),
    ("preview", "settings"),
    ("check", "settings"),
    ("check", "settings_of_tenants"),
    ("apply", "home"),
    ("apply", "settings"),
    ("apply", "settings_of_tenants"),
]


@pytest.fixture(scope="module")
def linked(here: Site) -> Iterator[Site]:
    """A tenant that was synced, before a PostgreSQL that every account reaches."""
    here.link("acme", make_org(samples.account_org))
    for arguments in (("apply", "--json"), ("sync", "acme", "--json")):
        answer = here.run(*arguments)
        assert answer.code == 0, answer.err
    with reachable_by_all(Path(str(sa.make_url(here.database_url).query["host"]))):
        yield here


@pytest.fixture(scope="module")
def ordinary(linked: Site) -> Iterator[Callable[..., Answer]]:
    """Runs commands in one process that has no more rights than its account."""
    with linked.one_process(*ORDINARY) as run:
        yield run


@contextmanager
def reachable_by_all(folder: Path) -> Iterator[None]:
    """While it lasts everybody may use the sockets in the folder, which root keeps for another."""
    paths = (*folder.glob(".s.PGSQL.*[0-9]"), folder, *folder.parents)
    before = {path: path.stat() for path in paths if path.stat().st_uid != os.geteuid()}
    for path, found in before.items():
        path.chmod(found.st_mode & 0o7777 | (0o011 if path.is_dir() else 0o066))
    try:
        yield
    finally:
        for path, found in before.items():
            path.chmod(found.st_mode & 0o7777)


@contextmanager
def denied(home: Path, place: Place) -> Iterator[None]:
    """While it lasts the place belongs to another account, as far as this one may arrange it."""
    path = home / place.path
    path = path.resolve()
    before = path.stat()
    path.chmod(0o000)
    if ORDINARY:
        os.chown(path, ANOTHER, ANOTHER)
    try:
        yield
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        path.chmod(before.st_mode & 0o7777)


@pytest.mark.parametrize(("command", "name"), TRIED, ids=[" ".join(one) for one in TRIED])
def test_a_place_of_another_account_is_said_with_its_variable(
    command: str, name: str, linked: Site, ordinary: Callable[..., Answer]
) -> None:
    """It read "Ran flyle-sf check", and named folders that had nothing to do with it."""
    place = PLACES[name]
    with denied(linked.home, place):
        if place.path == ".":  # where the command is started as well
            answer = linked.answer_of(linked.start(*COMMANDS[command], before=ORDINARY))
        else:
            answer = ordinary(*COMMANDS[command])
    _assert_said(answer, place)


EMBEDDED = {"FLYLE_DATABASE_URL": "", "FLYLE_DAGSTER_DATABASE_URL": ""}


@pytest.mark.parametrize("path", ["postgres", "postgres/data", "postgres/server.log"])
def test_a_place_of_the_embedded_server_is_said_too(path: str, linked: Site) -> None:
    """Its data and its log lie there; only those who use it need them."""
    server = linked.home / "postgres"
    (server / "data").mkdir(parents=True, exist_ok=True)
    (server / "server.log").touch()
    with denied(linked.home, Place(path, "FLYLE_HOME")):
        process = linked.start(*COMMANDS["status"], before=ORDINARY, **EMBEDDED)
        answer = linked.answer_of(process)
    error = answer.document["error"]
    assert answer.code == 1
    assert error["code"] in {"storage_not_permitted", "embedded_postgres_failed"}
    assert re.search("Permission denied|belongs to another user", error["came_back"])
    assert all(error[name] for name in ("tried", "tried_ja", "remedy", "remedy_ja"))
    assert "Traceback" not in answer.err


def _assert_said(answer: Answer, place: Place) -> None:
    error = answer.document["error"] or {}
    assert answer.code != 0
    assert (error.get("code"), error.get("came_back")) == (place.code, DENIED)
    assert place.variable in error["remedy"]
    assert place.variable in error["remedy_ja"]
    assert error["tried"]
    assert error["tried_ja"]
    assert "Traceback" not in answer.err
