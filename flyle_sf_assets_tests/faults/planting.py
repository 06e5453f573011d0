"""How a bug is planted into the product: the list of bugs, and the modules to plant them into.

What does not belong here: the bugs (``mutants*.py``).
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
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


class _Module:
    """A module in which only names that are there can be replaced: else a bug is never planted."""

    def __init__(self, module: ModuleType) -> None:
        self.__dict__["module"] = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["module"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        module = self.__dict__["module"]
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name}: the bug does not fit any more")
        setattr(module, name, value)


def product_module(name: str) -> Any:
    """A module of the product, in which names are about to be replaced."""
    return _Module(import_module(f"flyle_sf_assets.{name}"))
