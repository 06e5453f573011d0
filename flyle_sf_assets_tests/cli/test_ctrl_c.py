"""Ctrl-C, as a terminal sends it: to every process of the foreground group."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0


def _processes_of(home: Path) -> list[str]:
    """Command lines that name the folder, of whatever session and parent."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "command="],  # noqa: S607  where it is differs
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [line for line in listed.splitlines() if str(home) in line]


def test_ctrl_c_in_the_middle_of_a_sync_leaves_nothing_behind() -> None:
    """It printed eighty lines of traceback, of the command and of Dagster's log watchers."""
    # Not below pytest's own directory: another account could not pass through to it as root.
    with tempfile.TemporaryDirectory(prefix="flyle-ctrl-c-") as folder:
        home, said = Path(folder), Path(folder) / "said"
        with said.open("wb") as output:
            demo = subprocess.Popen(
                [sys.executable, "-m", "flyle_sf_assets.cli", "demo", "--once"],
                cwd=ROOT,
                env={**os.environ, "FLYLE_HOME": str(home / "home")},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + START_TIMEOUT_S
            while "globex: version 1" not in said.read_text():
                assert demo.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.05)
            time.sleep(0.3)  # the first sync is under way
            os.killpg(demo.pid, signal.SIGINT)
            ended = demo.wait(STOP_TIMEOUT_S)
        finally:
            demo.kill()
            demo.wait()
        assert (ended, "Traceback" in said.read_text()) == (130, False), said.read_text()
        assert _processes_of(home) == []
        assert [path.name for path in (home / "home").iterdir()] == []
