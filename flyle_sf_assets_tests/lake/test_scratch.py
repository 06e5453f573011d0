"""What is kept on a machine for a bucket: it goes when nobody needs it, and not before."""

import fcntl
import os
import stat
import time
from pathlib import Path

import pytest

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.lake import scratch
from flyle_sf_assets.lake.scratch import Copies, downloads_of, tidy

PATHS = [f"acme/accounts/0000000{number}-0123456789ab.parquet" for number in range(1, 5)]
DAY_S = 86_400.0


def kept(copies: Copies, path: str, size: int = 10) -> Path:
    unfinished = copies.begin(path)
    unfinished.write_bytes(bytes(size))
    return copies.keep(path, unfinished)


def test_copies_go_with_the_refresh_that_made_them(tmp_path: Path) -> None:
    copies, others = Copies(tmp_path), Copies(tmp_path)
    place, other = kept(copies, PATHS[0]), kept(others, PATHS[0])
    assert copies.find(PATHS[0]) == place
    assert [stat.S_IMODE(one.stat().st_mode) for one in (place, *place.parents[:3])] == [
        0o600,
        *[0o700] * 3,
    ]
    copies.release()
    assert not place.exists()
    assert copies.find(PATHS[0]) is None
    assert other.exists()
    assert kept(copies, PATHS[0]).exists()


def test_a_copy_that_is_dropped_is_fetched_again(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    place = kept(copies, PATHS[0])
    copies.drop(PATHS[0])
    copies.drop(PATHS[0])
    assert copies.find(PATHS[0]) is None
    assert not place.exists()


def test_a_process_deletes_what_it_did_not_use_for_the_longest_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console lives for months; what was just read may still be read."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    copies = Copies(tmp_path, bytes_max=25)
    for path in PATHS[:2]:
        kept(copies, path)
        now[0] += 100
    assert copies.find(PATHS[0])
    now[0] += 100
    kept(copies, PATHS[2])
    assert [bool(copies.find(path)) for path in PATHS[:3]] == [True, False, True]
    kept(copies, PATHS[3])
    assert [bool(copies.find(path)) for path in PATHS] == [True, False, True, True]


def test_only_what_belongs_to_no_living_process_is_removed(tmp_path: Path) -> None:
    """A killed process cannot delete its copies: the next one does."""
    folders = {name: tmp_path / scratch.COPIES / name for name in ("dead", "alive", "young")}
    for folder in folders.values():
        folder.mkdir(parents=True)
        (folder / "copy").touch()
    for name in ("dead", "alive"):
        os.utime(folders[name], (time.time() - DAY_S,) * 2)
    lock = os.open(folders["alive"], os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        kept(Copies(tmp_path), PATHS[0])
        assert {name for name, folder in folders.items() if folder.exists()} == {"alive", "young"}
    finally:
        os.close(lock)


def test_downloads_that_can_still_go_on_stay(tmp_path: Path) -> None:
    old, new = (downloads_of(tmp_path, "acme") / name for name in ("accounts", "opportunities"))
    for folder, days in ((old, 8), (new, 6)):
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - days * DAY_S,) * 2)
    tidy(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_a_hostile_name_makes_no_path(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lake_path_refused"):
        Copies(tmp_path).begin("../outside/00000001-0123456789ab.parquet")
    with pytest.raises(StoreError, match="lake_path_refused"):
        downloads_of(tmp_path, "../outside")
