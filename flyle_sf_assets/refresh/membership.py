"""Which records match draft conditions now, and which held records changed: ids, not values.

With the conditions that stand the window since the last refresh tells it; with others the Ids of
all matching records are asked for. What does not belong here: what follows from it
(``preview.py``).
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import fates
from flyle_sf_assets.raw.plan import Dataset
from flyle_sf_assets.raw.questions import Questions, Window
from flyle_sf_assets.raw.records import RecordStatus
from flyle_sf_assets.refresh.context import OVERLAP_S_DEFAULT
from flyle_sf_assets.refresh.held_frames import HeldFrames
from flyle_sf_assets.refresh.steps.records import scope_of
from flyle_sf_assets.salesforce.connect import Org

TOUCHED_ROWS_MAX = 2_000
"""One REST page. A dataset of which more changed since the last refresh is not told from here."""

_ENDED = pl.Schema({"Id": pl.String, "_status": pl.String, "_merged_into": pl.String})


@dataclass(frozen=True)
class Membership:
    """Who matches now, and what changed since the last refresh.

    ``matching`` are the Ids of all matching records. ``touched`` has per dataset the Ids of held
    records that may have changed, ``ended`` (``Id, _status, _merged_into``) the base records that
    were deleted or merged. ``is_untold`` says that more changed than was asked for.
    """

    matching: pl.Series
    touched: dict[str, pl.Series] = field(default_factory=dict)
    ended: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ENDED))
    is_untold: bool = False
    is_scope_new: bool = True


def membership(
    org: Org, held: HeldFrames, questions: dict[str, Questions], until: datetime
) -> Membership:
    """Asks the org. ``questions`` are those about every dataset of the plan.

    One call for five datasets, and the Ids of all matching records when the conditions are not
    those that stand: one call for 2,000 of them, or a Bulk job.
    """
    base = held.base
    answers = _touched(org, held, questions, until)
    full = {name for name, frame in answers.items() if frame.height >= TOUCHED_ROWS_MAX}
    touched = {name: frame["Id"].unique() for name, frame in answers.items() if name not in full}
    told = answers.get(base.name)
    ended = pl.DataFrame(schema=_ENDED)
    if told is not None:
        fate = fates(told, else_status=RecordStatus.OUT_OF_SCOPE)
        ended = fate.filter(pl.col("_status") != RecordStatus.OUT_OF_SCOPE.value)
    manifest = held.manifest(base.name)
    is_scope_new = manifest is None or manifest.scope != scope_of(questions[base.name])
    untold = full - {base.name}
    if not is_scope_new and base.name in touched:
        window = _window(held, base, until)
        matching = _matching_by_window(org, held, questions[base.name], touched[base.name], window)
    else:
        came = _matching_whole(org, questions[base.name])
        matching = came["Id"]
        touched[base.name] = _restamped(held, came)
    return Membership(
        matching=matching,
        touched=touched,
        ended=ended.select(*_ENDED),
        is_untold=bool(untold),
        is_scope_new=is_scope_new,
    )


def _touched(
    org: Org, held: HeldFrames, questions: dict[str, Questions], until: datetime
) -> dict[str, pl.DataFrame]:
    """Per held dataset the fates of what was stamped since it was last read."""
    windows = {d.name: _window(held, d, until) for d in held.plan.datasets}
    asked = {
        name: questions[name].touched(window, with_values=False, limit=TOUCHED_ROWS_MAX)
        for name, window in windows.items()
        if window is not None
    }
    answers = org.reader.rows_by_composite(list(asked.values()))
    return dict(zip(asked, answers, strict=True))


def _window(held: HeldFrames, dataset: Dataset, until: datetime) -> Window | None:
    kept = held.generations.get(dataset.name)
    if kept is None or kept.watermark is None:
        return None
    return Window.after(kept.watermark, until, OVERLAP_S_DEFAULT)


def _matching_by_window(
    org: Org, held: HeldFrames, questions: Questions, touched: pl.Series, window: Window | None
) -> pl.Series:
    if touched.is_empty():
        return held.linked_ids
    came = org.reader.rows(questions.matching(window, columns=()))["Id"]
    still = held.linked_ids.filter(~held.linked_ids.is_in(touched.implode()))
    return pl.concat([still, came]).unique()


def _matching_whole(org: Org, questions: Questions) -> pl.DataFrame:
    """``Id`` and ``SystemModstamp`` of every record that matches now."""
    with TemporaryDirectory(prefix="flyle-preview-") as folder:
        answer = org.reader.read(questions.matching(columns=()), Path(folder))
        return canonical(answer.frame, ()).collect()


def _restamped(held: HeldFrames, came: pl.DataFrame) -> pl.Series:
    """The matching records whose stamp is not the one that is held."""
    stamps = held.records(held.base).select("Id", "SystemModstamp").collect()
    return came.join(stamps, on=["Id", "SystemModstamp"], how="anti")["Id"]
