"""An installation as on many machines, for the tests of workers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.shipped import CELERY_DAGSTER_YAML
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.tenants import environment_of
from flyle_sf_assets_tests.postgres import fresh_database_url, opened
from flyle_sf_assets_tests.workers.redis import redis_url


@pytest.fixture
def lake_url(tmp_path: Path) -> str:
    """Where the record files of all machines are."""
    return str(tmp_path / "lake")


@pytest.fixture
def installation(
    tmp_path: Path, server: SandboxServer, lake_url: str, own_environment: None
) -> Iterator[Installation]:
    """Broker, both databases and lake by their URLs, and Dagster's settings for workers."""
    with ExitStack() as stack:
        product = stack.enter_context(fresh_database_url())
        dagster = stack.enter_context(fresh_database_url("template1"))
        database = stack.enter_context(opened(product))
        os.environ["FLYLE_BROKER_URL"] = stack.enter_context(redis_url())
        environment = replace(environment_of(tmp_path, server, product, dagster), lake_url=lake_url)
        (environment.config_dir / "tenants").mkdir(parents=True)
        (environment.config_dir / "dagster.yaml").write_bytes(CELERY_DAGSTER_YAML.read_bytes())
        yield Installation(environment, database, product, dagster)
