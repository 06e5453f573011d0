"""For every server that the command line starts: a free port, and what Ctrl-C and SIGTERM do."""

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.errors import Text, UsageError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
WAIT_S = 1.0
"""After this time at the latest a signal is heeded that another thread received."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Inside, the first SIGINT or SIGTERM raises KeyboardInterrupt; the next ones do nothing.

    A process that a script starts in the background, or nohup, begins with SIGINT ignored: it would
    pass that on to Dagster's processes, and a sync in this process would make Dagster ignore
    SIGTERM as well. A second signal (a service manager sends it to every process, people press
    Ctrl-C twice) would interrupt the stopping, and leave processes running.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, lambda _number, _frame: None)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for_interrupt() -> None:
    """Returns when the user presses Ctrl-C, or the process is asked to end (`stoppable`)."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(WAIT_S)


def print_stopping(*, is_kept: bool = True) -> None:
    """Says that Ctrl-C arrived; with ``is_kept`` also what it does not lose."""
    kept = say(
        "保存済みのデータは失われません。次の起動時に続きから再開します。",
        "Nothing that is stored is lost; the next start goes on from there.",
    )
    stopping = say("停止しています …", "Stopping …")
    to_stdout().print(f"\n{stopping} {kept if is_kept else ''}".rstrip())


def free_port(wanted: int) -> int:
    """``wanted`` if no process listens there, else any free port of 127.0.0.1."""
    import socket

    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise UsageError(
        "no_free_port",
        tried=Text("空きポートを見つけようとしました", "Tried to find a free port on 127.0.0.1"),
        came_back=Text("見つかりませんでした", "none"),
        remedy=Text("使用中のサーバーを止めてください", "Stop a server that is not needed"),
    )
