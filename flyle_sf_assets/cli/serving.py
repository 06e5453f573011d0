"""For every server that the command line starts: a free port, and waiting for Ctrl-C."""

import contextlib
import signal

from flyle_sf_assets.errors import Text, UsageError


def wait_for_interrupt() -> None:
    """Returns when the user presses Ctrl-C, or the process is asked to end."""
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    try:
        signal.sigwait(stop)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop)


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
        tried=Text("空きポートを探しました", "Looked for a free port on 127.0.0.1"),
        came_back="none",
        remedy=Text("使用中のサーバーを止めてください", "Stop a server that is not needed"),
    )
