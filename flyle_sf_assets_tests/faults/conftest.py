"""One sandbox server and one database for all runs of a test process.

What does not belong here: the runs (``machine.py``).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.store_reading import StoreReading
from flyle_sf_assets_tests.flows.tenants import places_of
from flyle_sf_assets_tests.postgres import fresh_database_url, opened


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Retries happen as often as configured, without their pauses."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Keys and secrets of one test's orgs are not there in the next test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """What all runs of this process share."""
    home = tmp_path_factory.mktemp("model")
    with fresh_database_url() as url, opened(url) as database, SandboxServer([]) as server:
        places = places_of(Path(home), server, url)
        reading = StoreReading(url)
        yield Ground(server, Installation(places, database, url, url), reading)
        reading.close()
