"""What holds for every test: in CI a skipped test is a failure, and orgs have times of their own.

Dagster's migrations are read once per process. Linked tenants come from the plugin
``tenant_fixtures.py``; what else one package's tests need is in the conftest of their folder.
"""

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import settings

from flyle_sf_assets import garbage
from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets_tests.temporary import prefer_memory

prefer_memory()
# As in the processes of the product, before the plugins import Dagster and polars.
garbage.begin_loading()

pytest_plugins = ["flyle_sf_assets_tests.tenant_fixtures", "flyle_sf_assets_tests.thorough"]

# An example that takes 0.2 s where much else runs is no failure; CI's own profile says so too.
settings.register_profile("any load", settings(), deadline=None)
settings.load_profile("any load")

USUAL_CLOCK_SKEW_S = bounds.CLOCK_SKEW_S
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(autouse=True, scope="session")
def _orgs_may_live_at_another_time() -> Iterator[None]:
    """Sandbox orgs stand at a moment of last spring; salesforce/test_bounds.py holds the bound."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "CLOCK_SKEW_S", 100 * 365 * 86_400.0)
        yield


@pytest.fixture(scope="module")
def usual_clock_bound(_orgs_may_live_at_another_time: None) -> Iterator[None]:
    """As in production, for tests whose orgs live at the time of the clock that they pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "CLOCK_SKEW_S", USUAL_CLOCK_SKEW_S)
        yield


@pytest.fixture(autouse=True, scope="session")
def _migrations_are_read_once() -> Iterator[None]:
    """Dagster imports all of its 87 migrations for each SQLite instance that it opens, three times.

    The product has PostgreSQL, for which Dagster does not.
    """
    read: dict[str | None, ScriptDirectory] = {}
    from_config = ScriptDirectory.from_config

    def once(config: Config) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in read:
            read[place] = from_config(config)
        return read[place]

    with mock.patch.object(ScriptDirectory, "from_config", once):
        yield


def pytest_collection_finish() -> None:
    """What was collected stays until the end: no garbage collection walks through it."""
    garbage.end_loading()


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter is not None else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip is meant for a machine without a browser; CI has everything, or is set up wrongly."""
    if IN_CI and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says why a run without failures failed."""
    if IN_CI and (count := _skipped(config)):
        terminalreporter.write_line(f"CI: {count} skipped, and none may be (see -rs)", red=True)
