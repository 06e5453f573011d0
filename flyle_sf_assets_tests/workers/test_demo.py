"""``flyle-sf demo --engine celery`` as a person starts it: daemon, Redis and two workers."""

import re
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from flyle_sf_assets_tests.processes import command, processes_of
from flyle_sf_assets_tests.workers.redis import require_redis

TAKES_S_MAX = 300.0
ENDED_WELL = re.compile(r"refresh_tenant - ([0-9a-f-]{36}) - \d+ - RUN_SUCCESS")


@pytest.mark.timeout(TAKES_S_MAX)
def test_a_demo_on_workers_syncs_both_tenants_and_leaves_nothing_behind() -> None:
    """The workers make the first syncs; the command compares their companies with the orgs."""
    require_redis()
    # Not below pytest's own directory: another account could not pass through to it as root.
    with tempfile.TemporaryDirectory(prefix="flyle-demo-") as folder:
        home, temporary, said = (Path(folder) / name for name in ("home", "tmp", "said"))
        (home / "config" / "tenants").mkdir(parents=True)
        temporary.mkdir()
        arguments = ("demo", "--once", "--engine", "celery")
        demo = command(*arguments, home=home, temporary=temporary, said=said)
        try:
            by_workers = _runs_of_workers(demo, home)
        finally:
            demo.kill()
            demo.wait()
        told = said.read_text(encoding="utf-8")
        assert (demo.returncode, told.endswith("\nok\n")) == (0, True), told
        assert ("acme: 3" in told, "globex: 3" in told) == (True, True), told
        assert len(by_workers) == len(("acme", "globex"))
        assert processes_of(home) == []
        assert [path.name for path in home.iterdir()] == ["config"]
        assert list(temporary.iterdir()) == []


def _runs_of_workers(demo: subprocess.Popen[bytes], home: Path) -> set[str]:
    """The runs that ended well in a worker's log, which is deleted when the demo ends."""
    found: set[str] = set()
    while demo.poll() is None:
        for log in home.rglob("worker-*.log"):
            with suppress(FileNotFoundError):
                found.update(ENDED_WELL.findall(log.read_text(encoding="utf-8")))
        time.sleep(0.1)
    return found
