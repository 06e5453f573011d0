"""A few combinations of mutations, the same in every run; `make fuzz` draws others for hours."""

from hypothesis import HealthCheck, Phase, given, settings

from flyle_sf_assets_tests.hostile.drawing import Drawn, drawn
from flyle_sf_assets_tests.hostile.trials import Trial

EXAMPLES = 15


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(one=drawn())
def test_combined_mutations_are_contained_and_heal(trial: Trial, one: Drawn) -> None:
    """Each example is met, and then the honest org brings everything back."""
    trial.prove(*one)
