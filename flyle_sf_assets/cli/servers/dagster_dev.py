"""Starting the Dagster UI and daemon over an installation, and stopping them cleanly."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyle_sf_assets.defs.instance import begin_at_newest_event, instance_of
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.shipped import WORKSPACE

NOT_SAID = "ignore:Function `dev_command` is superseded"
"""`dg dev` is for projects whose layout dg made."""

READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 4.0
STOP_POLL_S = 0.05
UI_PORT = 3000


@contextmanager
def dagster_ui(opened: Installation, *, port: int, log: Path | None = None) -> Iterator[str]:
    """The Dagster UI and daemon on 127.0.0.1; yields the URL when it answers.

    They are one process group: at the end all of it is interrupted, and processes that do not end
    in time are killed. Their sockets and temporary files are in one folder, which is deleted then.
    """
    with instance_of(opened) as instance:
        begin_at_newest_event(instance)
    environment = {**os.environ, **opened.child_environment()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # Else Python files of the folder in which the user happens to be would stand for modules.
    environment["PYTHONSAFEPATH"] = "1"
    command = [sys.executable, "-W", NOT_SAID, "-m", "dagster", "dev", "-w", str(WORKSPACE)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="flyle-", ignore_cleanup_errors=True)
        environment["TMPDIR"] = stack.enter_context(folder)
        output = stack.enter_context(log.open("ab")) if log else None
        child = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        stack.callback(_stop, child)
        url = f"http://127.0.0.1:{port}"
        _await_ready(child, url, log)
        yield url


def _await_ready(child: subprocess.Popen[bytes], url: str, log: Path | None) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and child.poll() is None:
        if _answers(url):
            return
        time.sleep(0.2)
    raise UsageError(
        "dagster_ui_did_not_start",
        tried=Text(
            f"Dagster UI を {url} で起動しようとしました", f"Tried to start the Dagster UI at {url}"
        ),
        came_back=Text(f"終了コード {child.poll()}", f"exit code {child.poll()}"),
        remedy=Text(
            f"ログを確認してください: {log or '上の出力'}", f"Look at the log: {log or 'above'}"
        ),
    )


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", "/server_info")
            return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Interrupts the whole group at once, and kills what has not ended in time.

    `dagster dev` alone would stop its children one after the other, each for some seconds. A run
    that is interrupted ends between two commits; one that is killed is taken up again.
    """
    deadline = time.monotonic() + STOP_TIMEOUT_S
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
        while time.monotonic() < deadline:
            child.poll()
            os.killpg(child.pid, 0)
            time.sleep(STOP_POLL_S)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
