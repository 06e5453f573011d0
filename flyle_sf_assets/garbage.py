"""Python's garbage collector while a process loads its modules, and when it ends.

Loading makes hundreds of thousands of objects that all stay: functions, classes, code. The
collector begins after 700 new ones and again and again walks through those that it has; at the end
of the process it walks through all of them once more. That was a third of what loading cost.

Once loaded they are frozen: no later collection walks through them, and the usual thresholds hold
again, so that a frame that is part of a cycle does not stay in memory for long.
"""

import atexit
import gc

NEW_OBJECTS = 50_000
"""While modules are loaded, a collection begins after this many new objects: 10 MB or so."""

_USUAL = gc.get_threshold()


def begin_loading() -> None:
    """From now on nearly all new objects are modules and what is in them.

    Relied on: Python's documentation, ``gc.set_threshold`` and ``gc.freeze``.
    """
    gc.set_threshold(NEW_OBJECTS, *_USUAL[1:])
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def end_loading() -> None:
    """What is loaded stays: from now on only newer objects are looked through."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
