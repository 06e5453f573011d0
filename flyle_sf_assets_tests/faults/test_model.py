"""The model-based test: random orgs, settings, changes and faults; the store equals the oracle.

FLYLE_MODEL_RUNS says how many runs (100), FLYLE_MODEL_SEED where the seeds begin (0), and
FLYLE_MODEL_SHRINK=1 makes a failure smaller. What does not belong here: rules (``rules_*.py``)
and what a bug that was found looks like when it is small (``test_regressions.py``).
"""

import os
from pathlib import Path

import pytest

from flyle_sf_assets_tests.faults import kinds
from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.running import RUNS_PER_PART, run_part

RUNS = int(os.environ.get("FLYLE_MODEL_RUNS", "100"))
FIRST_SEED = int(os.environ.get("FLYLE_MODEL_SEED", "0"))
IS_SHRUNK = os.environ.get("FLYLE_MODEL_SHRINK") == "1"
PARTS = max(1, RUNS // RUNS_PER_PART)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_store_equals_the_oracle_whatever_happens(
    ground: Ground, parts_folder: Path, part: int
) -> None:
    """The last part to end fails when any kind of change or fault never occurred in any run."""
    kinds.exercised.clear()
    try:
        run_part(Model, ground, FIRST_SEED + part, is_shrunk=IS_SHRUNK)
    finally:
        kinds.write(parts_folder / f"{part}.json", kinds.exercised)
    ended, counts = kinds.read_all(parts_folder)
    if ended == PARTS:
        assert kinds.missing(counts) == []
