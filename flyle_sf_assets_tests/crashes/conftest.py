"""Tenants whose processes die; orgs are small, because each death is followed by a refresh."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
from flyle_sf_assets_tests.crashes.scenes import Scene, make_scene
from flyle_sf_assets_tests.flows.tenants import environment_of
from flyle_sf_assets_tests.postgres import opened
from flyle_sf_assets_tests.tenant_fixtures import installed

_numbers = count(1)


@pytest.fixture(autouse=True)
def _alone(no_waiting: None, own_environment: None) -> None:
    """Retries without pauses, and an environment of its own."""


@pytest.fixture
def stage(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Callable[[str], Scene]]:
    """A tenant for which that command has something to do, in folders as before the first sync."""
    with installed(tmp_path_factory.mktemp("crashes"), server) as made:
        yield lambda command: make_scene(made, server, f"crash{next(_numbers)}", command)


@dataclass
class OwnServer:
    """A scene on a PostgreSQL of its own, which can be killed."""

    postgres: EmbeddedPostgres
    home: Path
    scene: Scene


@pytest.fixture(scope="module")
def own_server(server: SandboxServer) -> Iterator[OwnServer]:
    """One for all tests of a file: each leaves it repaired."""
    home = Path(tempfile.mkdtemp(prefix="flyle-tests-"))
    postgres = EmbeddedPostgres(home)
    url = postgres.start().product
    with opened(url) as database:
        database.upgrade()
        installation = Installation(environment_of(home, server, url), database, url, url)
        scene = make_scene(installation, server, f"crash{next(_numbers)}", "refresh")
        yield OwnServer(postgres, home, scene)
    postgres.close()
    shutil.rmtree(home)
