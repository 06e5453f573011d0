"""Runs the examples in docstrings, with the names that a test gives them."""

import doctest
import inspect
import sys
from types import ModuleType
from typing import Any

from structlog.testing import capture_logs

OPTIONS = doctest.NORMALIZE_WHITESPACE


def run_examples(entry: Any, **names: Any) -> None:
    """Every ``>>>`` of one function or class; there must be one. Its module's names are there.

    ``names`` are what the example takes as given: an installation, an org, a database.
    """
    module = sys.modules[entry.__module__]
    globs = {**vars(module), **names}
    example = doctest.DocTestParser().get_doctest(
        inspect.getdoc(entry) or "", globs, entry.__qualname__, module.__file__, None
    )
    assert example.examples, f"{entry.__qualname__} has no example"
    said: list[str] = []
    with capture_logs():  # they go to standard output, too
        result = doctest.DocTestRunner(optionflags=OPTIONS).run(example, out=said.append)
    assert result.failed == 0, "".join(said)


def run_module(module: ModuleType) -> int:
    """Every example of a module, each on its own; returns how many lines of code were run."""
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.failed == 0, f"{module.__name__}: {result.failed} failed, see the output"
    return result.attempted
