"""Record files: last wins, snapshots hold, and what was added since a generation can be told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flyle_sf_assets.errors import RecordFileDamaged, StoreError
from flyle_sf_assets.lake import files
from flyle_sf_assets.lake.files import Lake, wants_compaction
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.records import record_schema

STAMP = datetime(2026, 1, 1, tzinfo=UTC)


def frame(**names: str) -> pl.DataFrame:
    rows = [
        {"Id": i, "SystemModstamp": STAMP, "_status": "linked", "Name": n} for i, n in names.items()
    ]
    return pl.DataFrame(rows, schema=record_schema(["Name"]))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def based(lake: Lake, rows: pl.DataFrame) -> Manifest:
    base = lake.write("acme", "accounts", 1, rows)
    return Manifest("accounts", 1, ("Name",), "scope", base)


def names(rows: pl.LazyFrame) -> dict[str, str]:
    return dict(rows.collect().sort("Id").select("Id", "Name").iter_rows())


def test_of_several_rows_with_one_id_the_last_segment_wins(lake: Lake) -> None:
    manifest = based(lake, frame(a="1", b="1", c="1"))
    manifest = manifest.with_segment(
        lake.write("acme", "accounts", 2, frame(a="2", d="2")), added=1
    )
    manifest = manifest.with_segment(lake.write("acme", "accounts", 3, frame(a="3")), added=0)
    assert names(lake.read(manifest)) == {"a": "3", "b": "1", "c": "1", "d": "2"}
    assert manifest.rows == 4


def test_a_reader_with_an_older_manifest_keeps_its_snapshot(lake: Lake) -> None:
    before = based(lake, frame(a="1"))
    before.with_segment(lake.write("acme", "accounts", 2, frame(a="2")), added=0)
    assert names(lake.read(before)) == {"a": "1"}


def test_what_changed_since_a_generation_is_just_the_later_segments(lake: Lake) -> None:
    manifest = based(lake, frame(a="1", b="1"))
    manifest = manifest.with_segment(lake.write("acme", "accounts", 2, frame(a="2")), added=0)
    manifest = manifest.with_segment(lake.write("acme", "accounts", 3, frame(b="3")), added=0)
    since = {generation: lake.changed_since(manifest, generation) for generation in (0, 2, 3)}
    found = {at: None if rows is None else names(rows) for at, rows in since.items()}
    assert found == {0: {"a": "2", "b": "3"}, 2: {"b": "3"}, 3: None}


def test_a_manifest_survives_being_written_down(lake: Lake) -> None:
    manifest = based(lake, frame(a="1"))
    manifest = manifest.with_segment(lake.write("acme", "accounts", 2, frame(a="2")), added=0)
    assert Manifest.decode(manifest.encode()) == manifest


def test_a_lost_file_is_an_error_and_not_an_empty_dataset(lake: Lake) -> None:
    manifest = based(lake, frame(a="1"))
    (lake.root / manifest.base.path).unlink()
    with pytest.raises(RecordFileDamaged, match="is not there"):
        lake.read(manifest)


def test_a_place_that_cannot_hold_files_is_refused_when_it_is_named() -> None:
    with pytest.raises(StoreError, match="gs://"):
        Lake("gs://bucket/lake")


def test_folding_pays_for_many_segments_or_a_large_share(lake: Lake) -> None:
    manifest = based(lake, frame(**{f"r{n}": "1" for n in range(100)}))
    small = lake.write("acme", "accounts", 2, frame(a="2"))
    assert not wants_compaction(manifest.with_segment(small, added=0))
    assert wants_compaction(replace(manifest, segments=(small,) * 20))
    assert wants_compaction(manifest.with_segment(replace(small, rows=11), added=0))


@pytest.mark.parametrize("is_small", [True, False])
def test_a_refresh_opens_the_files_of_a_small_dataset_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, *, is_small: bool
) -> None:
    """A large one is never held in memory: its files are looked at whenever somebody asks."""
    monkeypatch.setattr(files, "SMALL_ROWS", 2 if is_small else 1)
    manifest = based(lake, frame(a="1", b="1"))
    remembering = lake.remembering()
    assert names(remembering.read(manifest)) == {"a": "1", "b": "1"}
    newer = manifest.with_segment(lake.write("acme", "accounts", 2, frame(a="2")), added=0)
    assert names(remembering.read(newer)) == {"a": "2", "b": "1"}
    (lake.root / manifest.base.path).unlink()
    if is_small:
        assert names(remembering.read(manifest)) == {"a": "1", "b": "1"}
    else:
        with pytest.raises(StoreError):
            remembering.read(manifest)


def test_a_column_is_held_only_as_the_type_by_which_it_was_read(lake: Lake) -> None:
    manifest = based(lake, frame(a="1"))
    assert manifest.has_column("Name", "string")
    typed = replace(manifest, types=("string",))
    assert Manifest.decode(typed.encode()) == typed
    assert typed.has_column("Name", "string")
    assert not typed.has_column("Name", "boolean")
    assert not typed.has_column("Phone", "phone")
