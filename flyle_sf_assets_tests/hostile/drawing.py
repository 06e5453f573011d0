"""What Hypothesis draws: mutations made at once, their places, a command that meets them."""

from collections.abc import Callable

from hypothesis import strategies as st

from flyle_sf_assets_tests.hostile.mutations import Mutation, every_mutation
from flyle_sf_assets_tests.hostile.trials import COMMANDS, Command

Drawn = tuple[list[Mutation], Command, int]

_EVERY = every_mutation()


@st.composite
def drawn(draw: Callable[..., object]) -> Drawn:
    """One to four mutations, a command that asks the endpoint of the first, and a seed."""
    chosen = draw(st.lists(st.sampled_from(_EVERY), min_size=1, max_size=4, unique=True))
    assert isinstance(chosen, list)
    command = draw(st.sampled_from(COMMANDS[chosen[0].endpoint]))
    seed = draw(st.integers(0, 2**32 - 1))
    return chosen, command, seed  # type: ignore[return-value]  # as their strategies say
