"""A hostile org's tenant, and a neighbour whose files nobody may touch."""

from collections.abc import Iterator

import pytest
import stamina

from flyle_sf_assets_tests.hostile.ground import open_trial
from flyle_sf_assets_tests.hostile.trials import Trial


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, usual_clock_bound: None) -> Iterator[Trial]:
    """A synced tenant before a server that can be told to lie."""
    with open_trial(tmp_path_factory.mktemp("hostile")) as opened:
        yield opened
