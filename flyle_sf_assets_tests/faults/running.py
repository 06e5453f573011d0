"""Runs of the model: the ground they stand on, how many there are, and what they exercised.

What does not belong here: the rules, and pytest's side (``conftest.py``, ``test_model.py``).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import stamina
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from flyle_sf_assets.companies import guard
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.faults.guarded_world import FLOOR_ROWS
from flyle_sf_assets_tests.faults.machine import Ground, Machine
from flyle_sf_assets_tests.faults.store_reading import StoreReading
from flyle_sf_assets_tests.flows.tenants import environment_of
from flyle_sf_assets_tests.postgres import fresh_database_url, opened

STEPS = 30
"""Rules per run, besides the refreshes that the machine adds by itself."""

RUNS_PER_PART = 5

CLOCK_SKEW_S = 100 * 365 * 86_400.0
"""Connecting compares the org's clock with the machine's, which no run of the model moves."""


@contextmanager
def open_ground() -> Iterator[Ground]:
    """One sandbox server and one database for all runs of a process; nobody waits for retries."""
    with (
        tempfile.TemporaryDirectory(prefix="flyle-model-") as home,
        fresh_database_url() as url,
        opened(url) as database,
        SandboxServer([]) as server,
        stamina.set_testing(True, attempts=3, cap=True),
        mock.patch.object(guard, "FLOOR_ROWS", FLOOR_ROWS),
        mock.patch.object(bounds, "CLOCK_SKEW_S", CLOCK_SKEW_S),
    ):
        reading = StoreReading(url)
        places = environment_of(Path(home), server, url)
        try:
            yield Ground(server, Installation(places, database, url, url), reading)
        finally:
            reading.close()


def run_part(
    model: type[Machine],
    ground: Ground,
    number: int,
    *,
    runs: int = RUNS_PER_PART,
    is_shrunk: bool = False,
) -> None:
    """The runs of one seed; raises what the first one that fails raises, with its steps."""
    model.ground = ground
    run_state_machine_as_test(
        seed(number)(model),
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, *([Phase.shrink] if is_shrunk else [])],
            suppress_health_check=list(HealthCheck),
        ),
        # Left alone, Hypothesis ends some runs early.
        _min_steps=STEPS,
    )
