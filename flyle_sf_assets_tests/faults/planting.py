"""How a bug is planted into the product: the list of bugs, and the modules to plant them into.

What does not belong here: the bugs (``mutants*.py``).
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

PLANTS: dict[str, tuple[str, Callable[[], None]]] = {}
"""Name of each bug, what it does in words, and the function that plants it."""


def mutant(what: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Adds the decorated function to the bugs; ``what`` says what the product then does wrong."""

    def added(plant: Callable[[], None]) -> Callable[[], None]:
        if plant.__name__ in PLANTS:
            raise ValueError(f"two bugs are named {plant.__name__}")
        PLANTS[plant.__name__] = (what, plant)
        return plant

    return added


def product_module(name: str) -> Any:
    """A module of the product, in which names are about to be replaced."""
    return import_module(f"flyle_sf_assets.{name}")
