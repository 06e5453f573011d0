"""How often Python looks for garbage in a process of ours.

A start makes hundreds of thousands of objects that all stay: modules, functions, classes. Python's
collector begins after 700 new ones and again and again walks through those that it has. When the
process ends it walks through all of them once more: a fifth of what a start costs.
"""

import atexit
import gc

NEW_OBJECTS = 50_000
"""A collection begins when there are this many more objects than at the last one; 10 MB or so."""


def collect_rarely() -> None:
    """From now on the collector begins later, and does not walk through everything at the end.

    Relied on: Python's documentation, ``gc.set_threshold`` and ``gc.freeze``.
    """
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
