"""300 and more kinds of wrong answers, each at an endpoint, each met by a command, then healed."""

from pathlib import Path

import pytest

from flyle_sf_assets_tests.hostile.mutations import Mutation, every_mutation, of_each_run
from flyle_sf_assets_tests.hostile.trials import Command, Trial, grouped

DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"
GROUP = 20
GROUPS = grouped(of_each_run(), GROUP)


@pytest.mark.timeout(400)  # twenty commands and their healing; a hang is found by each command
@pytest.mark.parametrize("group", GROUPS, ids=[f"from-{n * GROUP}" for n in range(len(GROUPS))])
def test_a_mutated_answer_is_contained_and_heals(
    trial: Trial, group: list[tuple[Mutation, Command]]
) -> None:
    """No hang, no crash, no file elsewhere; the honest org then brings everything back."""
    faults = [fault for one in group if (fault := trial.fault_alone(*one)) is not None]
    trial.heal()
    assert not faults, "\n".join(faults)


def test_there_are_as_many_mutations_as_the_docs_say() -> None:
    every = every_mutation()
    assert len({mutation.name for mutation in every}) == len(every)
    told = " ".join(DOCS.read_text().split())
    assert f"{len(every)} mutations" in told
    assert f"{len(of_each_run())} of them" in told
    assert len({mutation.name for mutation in of_each_run()}) >= 300
