"""A Redis for the tests of workers, and what to do where it is missing."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flyle_sf_assets.cli.servers import broker


def require_redis() -> None:
    """Without the program the test is skipped, and in CI it fails: that is set up."""
    if shutil.which("redis-server") is None:
        message = f"redis-server is missing; install it: {broker.INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


@contextmanager
def redis_url() -> Iterator[str]:
    """The URL of a Redis of the test's own, stopped at the end."""
    require_redis()
    with (
        tempfile.TemporaryDirectory(prefix="flyle-redis-") as folder,
        broker.redis_server(Path(folder)) as url,
    ):
        yield url
