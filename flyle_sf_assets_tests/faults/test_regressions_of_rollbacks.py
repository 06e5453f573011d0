"""Bugs that the model found in rollbacks, and its own false alarms, each as small as it gets.

What does not belong here: other bugs (``test_regressions.py``), and a rollback whose rows are read
from PostgreSQL (``flows/test_rollback*.py``).
"""

from collections.abc import Iterator

import pytest

from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.test_regressions import linked


@pytest.fixture
def deals(ground: Ground) -> Iterator[Model]:
    """An Opportunity-based tenant that was synced once; in the end everything must be found."""
    with linked(ground, "Opportunity") as made:
        yield made


@pytest.mark.parametrize("is_changed_back", [False, True])
def test_a_company_that_a_rollback_linked_is_unlinked_with_its_base_object(
    deals: Model, *, is_changed_back: bool
) -> None:
    """A false alarm of the model: it took Salesforce's status for the one that stood before."""
    deals.delete(object_name="Opportunity", number=1)
    deals.world.refresh()
    deals.roll_back(number=0, kind=None)
    deals.change_base(calculated=False)
    deals.world.refresh()
    if is_changed_back:
        deals.change_base(calculated=False)
        deals.world.refresh()


@pytest.mark.parametrize("then", ["refresh", "change back", "fail and change back"])
def test_no_resume_links_a_company_of_another_base_object(deals: Model, then: str) -> None:
    """The rollback of an undelete froze it, and its end made it linked for ever."""
    deals.delete(object_name="Opportunity", number=1)
    deals.world.refresh()
    deals.undelete(object_name="Opportunity", number=0)
    deals.world.refresh()
    deals.roll_back(number=0, kind=None)
    deals.change_base(calculated=False)
    if then == "refresh":
        deals.world.refresh()
    elif then == "fail and change back":
        assert deals.world.kill("refresh", after_steps=3)
    deals.resume(number=0, kind=None)
    if then != "refresh":
        deals.change_base(calculated=False)
    deals.world.refresh()


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_rollback_before_the_first_refresh_of_another_base_object(
    deals: Model, *, is_begun: bool
) -> None:
    """The companies are still those of the former one, and some of them come back."""
    deals.delete(object_name="Opportunity", number=1)
    deals.world.refresh()
    deals.change_base(calculated=False)
    if is_begun:
        assert deals.world.kill("refresh", after_steps=3)
    deals.roll_back(number=0, kind="refresh")
