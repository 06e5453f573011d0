"""Progress of a refresh on a terminal; nothing is shown elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text as RichText

from flyle_sf_assets.cli.terminal import retry_line
from flyle_sf_assets.cli.terminal.output import to_stderr
from flyle_sf_assets.sync import progress as told


class _Bars(Progress):
    """Progress bars with a line of text below them."""

    _note = ""

    def note(self, text: str) -> None:
        """Shows the line; an empty one disappears."""
        self._note = text
        self.refresh()

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bars, then the line."""
        yield from super().get_renderables()
        if self._note:
            yield RichText(self._note, style="yellow")


@contextmanager
def shown_progress(*, show: bool = True) -> Iterator[None]:
    """Shows the progress reported in the block, one line per step, when stderr is a terminal."""
    if not show or not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        _Bars(*columns, console=to_stderr(), transient=True) as bars,
        retry_line.shown_by(bars.note),
    ):
        tasks: dict[tuple[str, str], int] = {}

        def listener(step: told.Progress) -> None:
            bars.note("")
            key = (step.tenant, step.step)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{step.tenant} {step.step}", total=step.expected)
            bars.update(bars.task_ids[tasks[key]], completed=step.done, total=step.expected)

        with told.listening(listener):
            yield
