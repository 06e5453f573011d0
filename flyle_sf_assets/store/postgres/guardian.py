"""Runs one PostgreSQL server while any process uses it; started as a script, not imported.

It is the server's parent, in a separate session, so that Ctrl-C in a terminal does not reach
it. Every user of the server holds a shared lock on ``users_lock`` while it runs; the kernel
releases the lock when a user ends, also by ``kill -9``. The guardian waits for the exclusive
lock: it gets it when there is no user any more, and then stops the server.

What does not belong here: deciding whether a server is needed (``embedded.py``), and anything
outside the standard library: this process lives as long as the server and should stay small.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any


def main(order: dict[str, Any]) -> None:
    """Detaches, starts ``order["command"]`` and returns when that server has ended.

    ``order``: command, environment, users_lock, log, ended (gets the exit code while it exists).
    """
    if os.fork():
        os._exit(
            0
        )  # the process that started us waits only for this one, and keeps no child process
    os.setsid()
    os.umask(0o077)
    server = _started(order)
    signal.signal(signal.SIGTERM, lambda *_: _shut_down(server))
    threading.Thread(
        target=_shut_down_when_unused, args=(order["users_lock"], server), daemon=True
    ).start()
    code = server.wait()
    ended = Path(order["ended"])
    if ended.exists():  # the process that started us still waits for the server
        ended.write_text(f"{code}\n")


def _started(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    with Path(order["log"]).open("ab") as log:
        return subprocess.Popen(
            order["command"],
            env=order["environment"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _shut_down_when_unused(users_lock: str, server: subprocess.Popen[bytes]) -> None:
    descriptor = os.open(users_lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # The lock is held until this process ends: a new user waits until the server is down.
    _shut_down(server)


def _shut_down(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        server.send_signal(signal.SIGINT)  # "fast": sessions are terminated, then a checkpoint


if __name__ == "__main__":
    main(json.loads(sys.stdin.read()))
