"""Which records match draft conditions now, and which held records changed: ids, not values.

With the current conditions the window since the last refresh shows it; with others the Ids of all
matching records are asked for.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from flyle_sf_assets.enriched.join import parent_of
from flyle_sf_assets.preview.held_records import HeldFrames
from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import tombstones
from flyle_sf_assets.raw.plan import Dataset
from flyle_sf_assets.raw.questions import Questions, Window
from flyle_sf_assets.raw.records import READABLE, RecordStatus, is_any
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.sync.steps.raw_records import scope_of

TOUCHED_ROWS_MAX = 2_000
"""One REST page. A dataset with more changes since the last refresh is not evaluated from it."""

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
    """Asks the org. ``questions`` concern every dataset of the plan.

    One call for five datasets, and the Ids of all matching records when the conditions are not
    the current ones: one call for 2,000 of them, or a Bulk job.
    """
    base = held.base
    answers = _stamped(org, held, questions, until)
    full = {name for name, frame in answers.items() if frame.height >= TOUCHED_ROWS_MAX}
    touched = {name: _news(held, name, one) for name, one in answers.items() if name not in full}
    touched = _with_owners(held, touched, answers)
    told = answers.get(base.name)
    ended = pl.DataFrame(schema=_ENDED)
    if told is not None:
        statuses = tombstones(told, else_status=RecordStatus.OUT_OF_SCOPE)
        ended = statuses.filter(pl.col("_status") != RecordStatus.OUT_OF_SCOPE.value)
    manifest = held.manifest(base.name)
    is_scope_new = manifest is None or manifest.scope != scope_of(questions[base.name])
    if told is not None and base.name not in full and not is_scope_new:
        window = _window(held, base, until)
        matching = _matching_by_window(org, held, questions[base.name], told["Id"], window)
    else:
        came = _matching_whole(org, questions[base.name])
        matching = came["Id"]
        own = touched.get(base.name, pl.Series(dtype=pl.String))
        touched[base.name] = pl.concat([own, _restamped(held, came)])
    return Membership(
        matching=matching,
        touched=touched,
        ended=ended.select(*_ENDED),
        is_untold=bool((full | _unfollowed(held)) - {base.name}),
        is_scope_new=is_scope_new,
    )


def _stamped(
    org: Org, held: HeldFrames, questions: dict[str, Questions], until: datetime
) -> dict[str, pl.DataFrame]:
    """Per held dataset the statuses of what was stamped since its last read, with an overlap.

    For one-to-one objects with values, the record that they belong to is included.
    """
    windows = {d.name: _window(held, d, until) for d in held.plan.datasets}
    one_to_one = {node.dataset for node in held.plan.nodes if node.one_to_one}
    asked = {
        name: questions[name].touched(
            window, with_values=name in one_to_one, limit=TOUCHED_ROWS_MAX
        )
        for name, window in windows.items()
        if window is not None and questions[name].is_stamped
    }
    answers = org.reader.rows_by_composite(list(asked.values()))
    return dict(zip(asked, answers, strict=True))


def _news(held: HeldFrames, dataset: str, stamped: pl.DataFrame) -> pl.Series:
    """The Ids of records that are held with another stamp, or exist again but are held as ended."""
    told = tombstones(stamped, else_status=RecordStatus.REFERENCED).select(
        "Id", "SystemModstamp", alive=pl.col("_status") == RecordStatus.REFERENCED.value
    )
    known = held.all_records[dataset].select(
        "Id", "SystemModstamp", alive=is_any(READABLE).fill_null(value=False)
    )
    return told.lazy().join(known, on=["Id", "SystemModstamp", "alive"], how="anti").collect()["Id"]


def _with_owners(
    held: HeldFrames, touched: dict[str, pl.Series], answers: dict[str, pl.DataFrame]
) -> dict[str, pl.Series]:
    """A one-to-one record that is new, or that moved, touches the record that it belongs to."""
    found = dict(touched)
    for node in held.plan.nodes:
        if not node.one_to_one or node.dataset not in touched:
            continue
        news = answers[node.dataset].filter(pl.col("Id").is_in(touched[node.dataset].implode()))
        owners = news[node.lookup_field or ""].drop_nulls().unique()
        above = parent_of(held.plan, node).dataset
        found[above] = pl.concat([found.get(above, pl.Series(dtype=pl.String)), owners])
    return found


def _window(held: HeldFrames, dataset: Dataset, until: datetime) -> Window | None:
    kept = held.generations.get(dataset.name)
    if kept is None or kept.watermark is None:
        return None
    return Window.after(kept.watermark, until, held.installation.environment.overlap_s)


def _unfollowed(held: HeldFrames) -> set[str]:
    """Held datasets that are to be read whole: after connecting again."""
    return {
        dataset.name
        for dataset in held.plan.datasets
        if (kept := held.generations.get(dataset.name)) is not None and kept.watermark is None
    }


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
    """The matching records whose stamp differs from the held one."""
    stamps = held.records(held.base).select("Id", "SystemModstamp").collect()
    return came.join(stamps, on=["Id", "SystemModstamp"], how="anti")["Id"]
