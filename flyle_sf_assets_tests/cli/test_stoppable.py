"""What `serving.stoppable` makes of signals, in processes of their own."""

import signal

import pytest

from flyle_sf_assets_tests.processes import line_of, python, tell

SERVER = """
import contextlib, signal, subprocess, sys
from flyle_sf_assets.cli.servers.serving import stoppable, wait_for_interrupt

signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup and a script's & start it
with stoppable():
    with contextlib.suppress(KeyboardInterrupt):  # it may come before the waiting begins
        subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
        wait_for_interrupt()
    print("stopping", flush=True)
    sys.stdin.readline()
    print("stopped", flush=True)
print(signal.getsignal(signal.SIGINT).name, signal.getsignal(signal.SIGTERM).name, flush=True)
"""

CHILD = """
import signal
print(signal.getsignal(signal.SIGINT).__name__, signal.getsignal(signal.SIGTERM).name)
"""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_stop_a_server_that_was_started_with_sigint_ignored(
    first: signal.Signals,
) -> None:
    """Its processes inherited that, and were killed with the runs in them.

    A second signal interrupted the stopping: Dagster's processes went on.
    """
    with python(SERVER, CHILD) as server:
        assert line_of(server) == "default_int_handler SIG_DFL"
        server.send_signal(first)
        assert line_of(server) == "stopping"
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGTERM)
        tell(server)
        assert line_of(server) == "stopped"
        assert line_of(server) == "SIG_IGN SIG_DFL"
        assert server.wait(10) == 0
