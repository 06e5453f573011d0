"""One sandbox server and one database for all runs of a test process.

What does not belong here: the runs (``running.py``).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.running import open_ground


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Keys and secrets of one test's orgs are not there in the next test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """What all runs of one file in this process share; the limits that it lowers end with it."""
    with open_ground() as made:
        yield made


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """Where the parts of the model test, in whichever process, leave what they exercised."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / f"model-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    return folder
