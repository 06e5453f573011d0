"""What holds for every test: in CI a skipped test is a failure, and orgs have times of their own.

What does not belong here: other fixtures. Each room's tests have their own.
"""

import os
from collections.abc import Iterator

import pytest

from flyle_sf_assets.salesforce import bounds

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(autouse=True, scope="session")
def _orgs_may_live_at_another_time() -> Iterator[None]:
    """Sandbox orgs stand at a moment of last spring; salesforce/test_bounds.py holds the bound."""
    usual = bounds.CLOCK_SKEW_S
    bounds.CLOCK_SKEW_S = float("inf")
    yield
    bounds.CLOCK_SKEW_S = usual


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
