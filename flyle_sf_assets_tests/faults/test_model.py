"""The model-based test: random orgs, settings, changes and faults; the store equals the oracle.

What does not belong here: rules (``rules_*.py``) and what a bug that was found looks like when
it is small (``test_regressions.py``).
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.rules_faults import FaultRules
from flyle_sf_assets_tests.faults.rules_lifecycle import LifecycleRules
from flyle_sf_assets_tests.faults.rules_options import OptionRules
from flyle_sf_assets_tests.faults.rules_records import RecordRules
from flyle_sf_assets_tests.faults.rules_schema import SchemaRules
from flyle_sf_assets_tests.faults.rules_settings import SettingsRules

RUNS = int(os.environ.get("FLYLE_MODEL_RUNS", "100"))
PARTS = 20
STEPS = 30


class Model(RecordRules, LifecycleRules, OptionRules, FaultRules, SettingsRules, SchemaRules):
    """All rules together."""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_store_equals_the_oracle_whatever_happens(ground: Ground, part: int) -> None:
    Model.ground = ground
    model = seed(part)(Model)
    run_state_machine_as_test(
        model,
        settings=settings(
            max_examples=max(1, RUNS // PARTS),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
