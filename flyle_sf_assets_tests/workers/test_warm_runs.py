"""What one run leaves in a worker's process is not there in the next one."""

import gc
import os
import signal
import weakref
from pathlib import Path

import pytest
from dagster._utils.interrupts import check_captured_interrupt, raise_interrupts_as

from flyle_sf_assets.defs.workers.warm_runs import run_of_its_own


class Linked:
    """Refers to itself: only the garbage collection ends it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_run_sets_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that one tenant's run had set would be read by the next tenant's."""
    monkeypatch.setenv("KEPT", "before")
    monkeypatch.setenv("REMOVED", "before")
    monkeypatch.delenv("ADDED", raising=False)
    folder = Path.cwd()
    umask = os.umask(0o022)
    os.umask(umask)
    with run_of_its_own():
        os.environ.update(KEPT="changed", ADDED="by the run")
        del os.environ["REMOVED"]
        os.chdir(tmp_path)
        os.umask(0)
    assert (os.environ["KEPT"], os.environ["REMOVED"]) == ("before", "before")
    assert "ADDED" not in os.environ
    assert Path.cwd() == folder
    assert os.umask(umask) == umask


def test_signals_are_those_of_the_worker_afterwards() -> None:
    """Dagster maps SIGTERM to what SIGINT does, and left it so: Celery ignores SIGINT there."""
    outside = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in outside.items()}
    try:
        with run_of_its_own():
            assert signal.getsignal(signal.SIGTERM) == signal.getsignal(signal.SIGINT)
        assert {number: signal.getsignal(number) for number in outside} == outside
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_interrupt_ends_the_run_and_is_forgotten_with_it() -> None:
    """An interrupt between two steps counted as one of the next run."""
    with pytest.raises(KeyboardInterrupt), run_of_its_own(), raise_interrupts_as(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with run_of_its_own():
        signal.raise_signal(signal.SIGTERM)
        assert check_captured_interrupt()
    assert not check_captured_interrupt()


def test_what_nothing_refers_to_is_closed() -> None:
    """Sessions with an org refer to themselves: their sockets stayed open until some later run."""
    gc.disable()
    try:
        with run_of_its_own():
            ended = weakref.ref(Linked())
            assert ended() is not None
        assert ended() is None
    finally:
        gc.enable()
