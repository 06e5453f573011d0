"""The world of a run of the model: everything that is judged, put together.

What does not belong here: judging (``world.py``, ``guarded_world.py``, ``budgeted_world.py``,
``rolled_back_world.py``).
"""

from dataclasses import dataclass

from flyle_sf_assets_tests.faults.budgeted_world import Budgeted
from flyle_sf_assets_tests.faults.guarded_world import Guarded
from flyle_sf_assets_tests.faults.rolled_back_world import RolledBack
from flyle_sf_assets_tests.faults.world import World


@dataclass
class JudgedWorld(Guarded, Budgeted, RolledBack, World):
    """A world whose refreshes are steps, with the guard, the budget and rollbacks judged."""
