"""Progress of a refresh on a terminal; nothing is shown elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from flyle_sf_assets.cli.output import to_stderr
from flyle_sf_assets.sync import progress as told


@contextmanager
def shown_progress(*, show: bool = True) -> Iterator[None]:
    """Shows the progress reported in the block, one line per step, when stderr is a terminal."""
    if not show or not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=to_stderr(), transient=True) as bars:
        tasks: dict[tuple[str, str], int] = {}

        def listener(step: told.Progress) -> None:
            key = (step.tenant, step.step)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{step.tenant} {step.step}", total=step.expected)
            bars.update(bars.task_ids[tasks[key]], completed=step.done, total=step.expected)

        with told.listening(listener):
            yield
