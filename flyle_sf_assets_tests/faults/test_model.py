"""The model-based test: random orgs, settings, changes and faults; the store equals the oracle.

FLYLE_MODEL_RUNS says how many runs (5; one more goes through Dagster), FLYLE_MODEL_SEED where the
seeds begin (0), and FLYLE_MODEL_SHRINK=1 makes a failure smaller. `make soak` makes as many as are
asked for, and asks for every kind of change and fault. What does not belong here: rules
(``rules_*.py``) and what a bug that was found looks like when it is small
(``test_regressions.py``).
"""

import os
from pathlib import Path

import pytest

from flyle_sf_assets_tests.faults import kinds
from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.running import RUNS_PER_PART, run_part
from flyle_sf_assets_tests.faults.through_dagster import DagsterModel

RUNS = int(os.environ.get("FLYLE_MODEL_RUNS", "5"))
FIRST_SEED = int(os.environ.get("FLYLE_MODEL_SEED", "0"))
IS_SHRUNK = os.environ.get("FLYLE_MODEL_SHRINK") == "1"
PARTS = max(1, RUNS // RUNS_PER_PART)
MISSING_MAX = 0.1 if RUNS >= 30 else 0.35 if RUNS >= 10 else 0.55
"""The share of the kinds that may by chance not occur in so few runs. Soak asks for all of them."""

DAGSTER_PARTS = 1
DAGSTER_RUNS = 1
DAGSTER_SEED = 1_000_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_store_equals_the_oracle_whatever_happens(
    ground: Ground, parts_folder: Path, part: int
) -> None:
    """The last part to end counts what all have exercised: rules that do nothing test nothing.

    A rare kind may by chance not occur: a fault waits for a request that the refresh does not send.
    """
    kinds.exercised.clear()
    try:
        run_part(Model, ground, FIRST_SEED + part, is_shrunk=IS_SHRUNK)
    finally:
        kinds.write(parts_folder / f"{part}.json", kinds.exercised)
    ended, counts = kinds.read_all(parts_folder)
    if ended == PARTS:
        missing = kinds.missing(counts)
        assert len(missing) <= MISSING_MAX * len(kinds.KINDS), missing


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(DAGSTER_PARTS))
def test_the_store_equals_the_oracle_when_dagster_runs_the_assets(
    ground: Ground, part: int
) -> None:
    """The assets, their order and their resource are what is driven here."""
    seed = DAGSTER_SEED + FIRST_SEED + part
    run_part(DagsterModel, ground, seed, runs=DAGSTER_RUNS, is_shrunk=IS_SHRUNK)
