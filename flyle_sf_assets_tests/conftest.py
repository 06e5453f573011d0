"""What holds for every test: in CI a skipped test is a failure.

What does not belong here: fixtures. Each room's tests have their own.
"""

import os

import pytest

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


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
