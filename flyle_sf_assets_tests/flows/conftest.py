"""Every whole sync runs without pauses and in an environment of its own, whatever it sets up."""

import pytest


@pytest.fixture(autouse=True)
def _alone(no_waiting: None, own_environment: None) -> None:
    """Also for tests that open an installation without the fixture of that name."""
