"""``flyle-sf`` in this process, with what a process of its own would have for itself.

Importing Dagster and polars costs more than most commands do; ``test_processes.py`` compares the
two ways. Run as a script it is a process that runs one command after another, for tests of what a
process may do.

What does not belong here: installations (``site.py``).
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from unittest import mock

import pytest
import stamina
import structlog

from flyle_sf_assets.cli import entry
from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets_tests.conftest import USUAL_CLOCK_SKEW_S

Person = Callable[[Callable[[], str]], None]
"""What somebody does while a command runs, given a way to read its stdout so far."""


def run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    person: Person | None = None,
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line. Requests are retried without pauses."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with ExitStack() as stack:
            at_work = None
            if person is not None:
                pool = stack.enter_context(ThreadPoolExecutor(1))
                at_work = pool.submit(person, lambda: _text(out.fileno()))
            stack.enter_context(mock.patch.dict(os.environ, environment, clear=True))
            stack.enter_context(mock.patch.object(sys, "argv", ["flyle-sf", *arguments]))
            # Orgs of other tests of this process live at another time.
            stack.enter_context(mock.patch.object(bounds, "CLOCK_SKEW_S", USUAL_CLOCK_SKEW_S))
            stack.enter_context(stamina.set_testing(True, attempts=3, cap=True))
            stack.enter_context(chdir(folder))
            stack.enter_context(_own_umask())
            stack.enter_context(_own_logging())
            stack.enter_context(_own_stream("stdout", out.fileno()))
            stack.enter_context(_own_stream("stderr", err.fileno()))
            code = _exit_code()
            if at_work is not None:
                at_work.result()
        return code, _text(out.fileno()), _text(err.fileno())


def _exit_code() -> int:
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@contextmanager
def _own_stream(name: str, file: int) -> Iterator[None]:
    """The stream goes into the file, also what is written past Python's own streams."""
    outer = getattr(sys, name)
    outer.flush()
    descriptor = {"stdout": 1, "stderr": 2}[name]
    kept = os.dup(descriptor)
    os.dup2(file, descriptor)
    try:
        with (
            os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as stream,
            mock.patch.object(sys, name, stream),
        ):
            yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


@contextmanager
def _own_umask() -> Iterator[None]:
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _own_logging() -> Iterator[None]:
    configured, before = structlog.is_configured(), structlog.get_config()
    structlog.reset_defaults()
    try:
        yield
    finally:
        structlog.reset_defaults()
        if configured:
            structlog.configure(**before)


def _text(file: int) -> str:
    """All that is in the file, which the command goes on writing where it is."""
    return os.pread(file, os.fstat(file).st_size, 0).decode()


def _serve() -> None:
    """Runs each command line that comes on stdin, as JSON, and writes its answer to stdout."""
    for line in sys.stdin:
        arguments, folder, environment = json.loads(line)
        sys.stdout.write(json.dumps(run(arguments, Path(folder), environment)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
