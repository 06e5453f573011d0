"""For every server that the command line starts: a free port, and waiting for Ctrl-C."""

import contextlib
import signal

from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.errors import Text, UsageError


def wait_for_interrupt() -> None:
    """Returns when the user presses Ctrl-C, or the process is asked to end."""
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    try:
        signal.sigwait(stop)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop)


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
