"""The model-based test: random orgs, settings, changes and faults; the store equals the oracle.

FLYLE_MODEL_RUNS says how many runs (100; ten more go through Dagster), FLYLE_MODEL_SEED where the
seeds begin (0), and FLYLE_MODEL_SHRINK=1 makes a failure smaller. What does not belong here: rules
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

RUNS = int(os.environ.get("FLYLE_MODEL_RUNS", "100"))
FIRST_SEED = int(os.environ.get("FLYLE_MODEL_SEED", "0"))
IS_SHRUNK = os.environ.get("FLYLE_MODEL_SHRINK") == "1"
PARTS = max(1, RUNS // RUNS_PER_PART)
MORE_PARTS = 6
DAGSTER_PARTS = 2
DAGSTER_SEED = 1_000_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_store_equals_the_oracle_whatever_happens(
    ground: Ground, parts_folder: Path, part: int
) -> None:
    """The last part to end goes on until every kind of change and fault has occurred.

    A rare kind may by chance not occur in the runs that were asked for: a fault waits for a
    request that the refresh does not send. It fails when MORE_PARTS more do not meet it either.
    """
    kinds.exercised.clear()
    try:
        run_part(Model, ground, FIRST_SEED + part, is_shrunk=IS_SHRUNK)
    finally:
        kinds.write(parts_folder / f"{part}.json", kinds.exercised)
    ended, counts = kinds.read_all(parts_folder)
    if ended < PARTS:
        return
    kinds.exercised.clear()
    for more in range(MORE_PARTS):
        if not kinds.missing(counts + kinds.exercised):
            break
        run_part(Model, ground, FIRST_SEED + PARTS + more, is_shrunk=IS_SHRUNK)
    assert kinds.missing(counts + kinds.exercised) == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(DAGSTER_PARTS))
def test_the_store_equals_the_oracle_when_dagster_runs_the_assets(
    ground: Ground, part: int
) -> None:
    """Ten runs: the assets, their order and their resource are what is driven here."""
    run_part(DagsterModel, ground, DAGSTER_SEED + FIRST_SEED + part, is_shrunk=IS_SHRUNK)
