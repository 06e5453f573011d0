# ruff: noqa: T201 - what was run and found is printed
"""``make soak``: the model test for hours, in processes of its own, and the figures of all of it.

Goes on after a failure, and says each with its steps as soon as it is found; fails when there was
one, or when a kind of change or fault was never exercised. What does not belong here: the model,
and the hundred runs of every `make test` (``test_model.py``).
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
from dataclasses import dataclass
from multiprocessing import get_context

from flyle_sf_assets_tests.faults import kinds
from flyle_sf_assets_tests.faults.machine import Ground, Machine
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.running import RUNS_PER_PART, open_ground, run_part
from flyle_sf_assets_tests.faults.through_dagster import DagsterModel

AT_ONCE = 1 + (os.cpu_count() or 1)
"""One more than there are cores: each waits for PostgreSQL now and then."""
TELL_EVERY_S = 60
PART_S_MAX = 900
DAGSTER_EVERY = 100
"""Of so many seeds one goes through Dagster."""
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
    """The parts of these seeds, as they end; each process keeps to one core."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
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
            is_broken = is_broken or error is not None
            failure = f"its process, or one beside it, died: {error!r}"
            yield ended.result() if error is None else Part(seed, 0, 0, Counter(), failure)


def main() -> int:
    """Runs and judges; prints a line a minute, every failure, and the figures in the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    started = told = time.monotonic()
    runs = refreshes = failures = 0
    counts: Counter[str] = Counter()
    parts = max(1, asked.runs // RUNS_PER_PART)
    for part in _parts(asked.seed, parts, asked.at_once):
        runs, refreshes = runs + part.runs, refreshes + part.refreshes
        counts += part.counts
        if part.failure is not None:
            failures += 1
            print(f"FAILED: seed {part.seed}\n{part.failure}", flush=True)
        if time.monotonic() > told + TELL_EVERY_S:
            told = time.monotonic()
            each_s = (told - started) / runs
            print(
                f"{runs:,} of {asked.runs:,} runs, {failures} failed, {each_s:.2f} s a run,"
                f" {each_s * (asked.runs - runs) / 60:.0f} min to go",
                flush=True,
            )
    minutes = (time.monotonic() - started) / 60
    print(
        f"{runs:,} runs, {refreshes:,} refreshes judged, {counts.total():,} changes and faults of"
        f" {len(counts)} kinds, {minutes:.0f} min; {failures} seeds failed"
    )
    rare = ", ".join(f"{kind} {count:,}" for kind, count in counts.most_common()[:-4:-1])
    print(f"rarest: {rare}")
    missing = kinds.missing(counts)
    if missing:
        print(f"never exercised: {', '.join(missing)}")
    return 1 if failures or missing else 0


if __name__ == "__main__":
    sys.exit(main())
