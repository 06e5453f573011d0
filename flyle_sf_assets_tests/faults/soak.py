# ruff: noqa: T201 - what was run and found is printed
"""``make soak``: the model test for hours, in processes of its own, and the figures of all of it.

Goes on after a failure, and says each with its steps as soon as it is found; fails when there was
one, or when a kind of change or fault was never exercised. What does not belong here: the model,
and the thirty runs of every `make test` (``test_model.py``).
"""

import argparse
import atexit
import contextlib
import faulthandler
import gc
import os
import sys
import time
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context

from flyle_sf_assets_tests.faults import kinds
from flyle_sf_assets_tests.faults.machine import Ground, Machine
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.running import RUNS_PER_PART, open_ground, run_part
from flyle_sf_assets_tests.faults.through_dagster import DagsterModel
from flyle_sf_assets_tests.temporary import prefer_memory

AT_ONCE = 1 + (os.cpu_count() or 1)
"""One more than there are cores: each waits for PostgreSQL now and then."""
TELL_EVERY_S = 60
PART_S_MAX = 900
DAGSTER_EVERY = 100
"""Of this many seeds one goes through Dagster."""
_grounds: list[Ground] = []
"""The one that all runs of this process stand on."""
_open = contextlib.ExitStack()


@dataclass(frozen=True)
class Part:
    """The runs of one seed: how many refreshes, what they exercised, and the last one's failure."""

    seed: int
    runs: int
    refreshes: int
    counts: Counter[str]
    failure: str | None


def _prepare() -> None:
    """Once a process; nobody reads what the product logs there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _grounds.append(_open.enter_context(open_ground()))
    atexit.register(_open.close)
    warnings.simplefilter("error")
    gc.freeze()


def _ran(seed: int) -> Part:
    kinds.exercised.clear()
    runs, refreshes, failure = Machine.numbers, Machine.refreshes, None
    model = DagsterModel if seed % DAGSTER_EVERY == 0 else Model
    faulthandler.dump_traceback_later(PART_S_MAX, exit=True)
    try:
        run_part(model, _grounds[0], seed)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - told and counted; the others go on
        failure = "".join(traceback.format_exception(error, chain=False))
    finally:
        faulthandler.cancel_dump_traceback_later()
    done = (Machine.numbers - runs, Machine.refreshes - refreshes)
    return Part(seed, *done, Counter(kinds.exercised), failure)


def _parts(first: int, count: int, at_once: int) -> Iterator[Part]:
    """The parts of these seeds, as they end; each process keeps to one core.

    polars reads a few rows with less work in memory than in streams; `make test` has it stream.
    """
    prefer_memory()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")
    waiting = deque(range(first, first + count))
    while waiting:
        with ProcessPoolExecutor(at_once, get_context("spawn"), _prepare) as pool:
            yield from _parts_of(pool, waiting, at_once)


def _parts_of(pool: ProcessPoolExecutor, waiting: deque[int], at_once: int) -> Iterator[Part]:
    """Until none waits, or a process died: it takes the pool with it, and a new one goes on."""
    running: dict[Future[Part], int] = {}
    is_broken = False
    while running or (waiting and not is_broken):
        while waiting and not is_broken and len(running) < at_once:
            seed = waiting.popleft()
            running[pool.submit(_ran, seed)] = seed
        for ended in wait(running, return_when=FIRST_COMPLETED).done:
            seed, error = running.pop(ended), ended.exception()
            if isinstance(error, KeyboardInterrupt):
                raise error
            is_broken = is_broken or error is not None
            failure = f"its process, or one beside it, died: {error!r}"
            yield ended.result() if error is None else Part(seed, 0, 0, Counter(), failure)


@dataclass
class Figures:
    """What all parts together have run, exercised and found."""

    runs: int = 0
    refreshes: int = 0
    failures: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    def add(self, part: Part) -> None:
        """Takes in a part, and says its failure at once."""
        self.runs += part.runs
        self.refreshes += part.refreshes
        self.counts += part.counts
        if part.failure is not None:
            self.failures += 1
            print(f"FAILED: seed {part.seed}\n{part.failure}", flush=True)

    def tell_progress(self, asked: int) -> None:
        """How far it is, and how long it takes."""
        each_s = (time.monotonic() - self.started) / max(1, self.runs)
        print(
            f"{self.runs:,} of {asked:,} runs, {self.failures} failed, {each_s:.2f} s a run,"
            f" {each_s * (asked - self.runs) / 60:.0f} min to go",
            flush=True,
        )

    def tell_end(self) -> None:
        """The figures for docs/performance.md."""
        minutes = (time.monotonic() - self.started) / 60
        print(
            f"{self.runs:,} runs, {self.refreshes:,} refreshes judged, {self.counts.total():,}"
            f" changes and faults of {len(self.counts)} kinds, {minutes:.0f} min;"
            f" {self.failures} seeds failed"
        )
        rare = self.counts.most_common()[:-4:-1]
        print("rarest: " + ", ".join(f"{kind} {count:,}" for kind, count in rare))
        if missing := kinds.missing(self.counts):
            print(f"never exercised: {', '.join(missing)}")


def main() -> int:
    """Runs and judges; prints a line a minute, every failure, and the figures in the end.

    Ctrl-C ends it early, with the figures so far.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    figures, told = Figures(), time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        for part in _parts(asked.seed, max(1, asked.runs // RUNS_PER_PART), asked.at_once):
            figures.add(part)
            if time.monotonic() > told + TELL_EVERY_S:
                told = time.monotonic()
                figures.tell_progress(asked.runs)
    figures.tell_end()
    is_whole = figures.runs >= asked.runs and not kinds.missing(figures.counts)
    return 0 if is_whole and not figures.failures else 1


if __name__ == "__main__":
    sys.exit(main())
