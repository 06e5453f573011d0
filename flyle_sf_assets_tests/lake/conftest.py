"""A bucket per test, for the tests of record files in one."""

from collections.abc import Iterator

import pytest

from flyle_sf_assets_tests.lake.s3_server import SomeBucket, new_bucket


@pytest.fixture
def bucket() -> Iterator[SomeBucket]:
    """An empty bucket, with the environment that leads to it."""
    with new_bucket() as made:
        yield made
