"""A receiver on this machine, and PostgreSQL."""

from collections.abc import Iterator

import pytest

from flyle_sf_assets_tests.fleet.receiver import Receiver
from flyle_sf_assets_tests.postgres import database, database_url

__all__ = ["database", "database_url"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 200 until a test says otherwise."""
    with Receiver() as started:
        yield started
