"""Starting the Dagster UI and daemon over an installation, and stopping them cleanly."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ruamel.yaml import YAML

from flyle_sf_assets.cli.servers.serving import free_port
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
STARTS_MAX = 3
"""Of two processes that look for a port together, both find the same one free."""


@contextmanager
def dagster_ui(opened: Installation, *, log: Path) -> Iterator[str]:
    """The Dagster UI and daemon on 127.0.0.1; yields the URL when this installation answers there.

    The port is `UI_PORT`, or a free one when that is taken. Raises UsageError when the UI does not
    start.

    They are one process group: at the end all of it is interrupted, and processes that do not end
    in time are killed. Their sockets and temporary files are in one folder, which is deleted then.
    """
    with instance_of(opened) as instance:
        begin_at_newest_event(instance)
        info = instance.info_str()
    with contextlib.ExitStack() as stack:
        for starts_left in reversed(range(STARTS_MAX)):
            url = f"http://127.0.0.1:{free_port(UI_PORT)}"
            child = stack.enter_context(_dagster_dev(opened, url, log))
            if _await_ready(child, url, info):
                yield url
                return
            stack.close()
            if not (starts_left and _listens(url)):
                raise _did_not_start(url, child.returncode, log)


def _did_not_start(url: str, code: int | None, log: Path) -> UsageError:
    return UsageError(
        "dagster_ui_did_not_start",
        tried=Text(
            f"Dagster UI を {url} で起動しようとしました", f"Tried to start the Dagster UI at {url}"
        ),
        came_back=Text(f"終了コード {code}", f"exit code {code}"),
        remedy=Text(f"ログを確認してください: {log}", f"Look at the log: {log}"),
    )


@contextlib.contextmanager
def _dagster_dev(opened: Installation, url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The processes, as long as the block lasts."""
    environment = {**os.environ, **opened.child_environment()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # Else Python files of the folder in which the user happens to be would stand for modules.
    environment["PYTHONSAFEPATH"] = "1"
    command = [sys.executable, "-W", NOT_SAID, "-m", "dagster", "dev", "-w", str(WORKSPACE)]
    host, _, port = url.removeprefix("http://").partition(":")
    command += ["--host", host, "--port", port, "--log-level", "warning"]
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="flyle-", ignore_cleanup_errors=True)
        environment["TMPDIR"] = stack.enter_context(folder)
        output = stack.enter_context(log.open("ab"))
        child = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        stack.callback(_stop, child)
        yield child


def _await_ready(child: "subprocess.Popen[bytes]", url: str, info: str) -> bool:
    """Whether the instance of that ``info`` answers, rather than another one or nothing."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and child.poll() is None:
        shown = _instance_shown(url)
        if shown is not None:
            # The order differs: an instance is handed on as JSON.
            return bool(YAML(typ="safe").load(shown) == YAML(typ="safe").load(info))
        time.sleep(0.2)
    return False


def _instance_shown(url: str) -> str | None:
    """What the Dagster UI at that address tells of its instance; None without such an answer."""
    not_of_dagster = ValueError, LookupError, TypeError
    with contextlib.suppress(OSError, http.client.HTTPException, *not_of_dagster):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
        with contextlib.closing(connection):
            asked = json.dumps({"query": "{ instance { info } }"})
            connection.request("POST", "/graphql", asked, {"Content-Type": "application/json"})
            return str(json.load(connection.getresponse())["data"]["instance"]["info"])
    return None


def _listens(url: str) -> bool:
    """Whether another process has taken the port."""
    host, _, port = url.removeprefix("http://").partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=2):
        return True
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
