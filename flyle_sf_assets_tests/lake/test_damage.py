"""What counts as damage of one file, and when the lake as a whole is not there."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from flyle_sf_assets.errors import RecordFileDamaged, StoreUnavailable, Text
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import NOTHING, Manifest
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets_tests.lake.frames import frame

NOBODY = 65_534


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def held(lake: Lake) -> Manifest:
    return Manifest("accounts", 1, ("Name",), "", lake.write("acme", "accounts", 1, frame(a="1")))


def english(reason: Text | None) -> str | None:
    return None if reason is None else reason.en


def flip(place: Path) -> None:
    """One bit, with size and time as before."""
    told = place.stat()
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    os.utime(place, ns=(told.st_atime_ns, told.st_mtime_ns))


def test_a_flipped_bit_is_seen_by_whoever_reads_first(lake: Lake, held: Manifest) -> None:
    """Neither size nor time nor Parquet's footer tell of it."""
    flip(lake.root / held.base.path)
    assert lake.damage(held.base) is None
    assert english(lake.damage(held.base, is_read=True)) == "its content is not what was written"
    with pytest.raises(RecordFileDamaged, match="not what was written") as caught:
        lake.read(held)
    assert caught.value.path == held.base.path
    assert caught.value.retryable


def test_a_refresh_compares_what_others_of_the_process_have_compared(
    lake: Lake, held: Manifest
) -> None:
    """A disk changes bits without changing the time; a process may live for months."""
    lake.read(held)
    flip(lake.root / held.base.path)
    with pytest.raises(RecordFileDamaged):
        lake.remembering().read(held)


def test_a_file_that_may_not_be_opened_is_damaged(lake: Lake, held: Manifest) -> None:
    """Not even root is let in here: the test gives its rights up while it looks."""
    place = lake.root / held.base.path
    place.chmod(0o000)
    for folder in (lake.root, *lake.root.rglob("*")):
        if folder.is_dir() or folder.name == MARKER:
            folder.chmod(0o755)
    for folder in lake.root.parents:
        if folder.name.startswith(("pytest", "popen", "test_")):
            folder.chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        reason = english(lake.damage(held.base, is_read=True))
        assert reason == "it cannot be read: “Permission denied”"
    finally:
        if is_root:
            os.seteuid(0)


def without_checksum(manifest: Manifest) -> Manifest:
    """As an earlier version wrote it down."""
    document = msgspec.json.decode(manifest.encode())
    for name in ("size", "checksum", "lake"):
        del document["base"][name]
    return Manifest.decode(msgspec.json.encode(document))


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: os.truncate(place, place.stat().st_size // 2),
        lambda place: os.truncate(place, 0),
        lambda place: place.write_bytes(b"PAR1" + bytes(200)),
        lambda place: frame(a="1", b="2").write_parquet(place),
    ],
    ids=["truncated", "emptied", "no Parquet", "other rows"],
)
def test_a_file_of_an_earlier_version_is_judged_by_its_footer_and_rows(
    lake: Lake, held: Manifest, damage: Callable[[Path], object]
) -> None:
    old = without_checksum(held)
    assert lake.damage(old.base, is_read=True) is None
    assert lake.read(old).collect()["Id"].to_list() == ["a"]
    damage(lake.root / old.base.path)
    with pytest.raises(RecordFileDamaged):
        lake.read(old)


@pytest.mark.parametrize("is_removed", [True, False], ids=["no folder", "an empty folder"])
def test_a_lake_that_is_gone_is_not_the_loss_of_its_files(
    lake: Lake, held: Manifest, *, is_removed: bool
) -> None:
    """A disk that is not mounted: reading all tenants again would cost days of API requests."""
    shutil.rmtree(lake.root)
    if not is_removed:
        lake.root.mkdir()
    for look in (lake.damage, lambda file: lake.read(replace(held, base=file))):
        with pytest.raises(StoreUnavailable, match="lake_unavailable"):
            look(held.base)


def test_another_lake_is_not_the_loss_of_files(tmp_path: Path, held: Manifest) -> None:
    """A wrong FLYLE_LAKE_URL that leads to the lake of another installation."""
    other = Lake(str(tmp_path / "other"))
    other.write("acme", "accounts", 1, frame(b="1"))
    with pytest.raises(StoreUnavailable, match="another one"):
        other.damage(held.base)


def test_whoever_lost_the_lake_says_so_by_its_name(lake: Lake, held: Manifest) -> None:
    shutil.rmtree(lake.root)
    with pytest.raises(StoreUnavailable) as caught:
        lake.damage(held.base)
    assert held.base.lake in caught.value.remedy.en
    lake.root.mkdir()
    (lake.root / MARKER).write_text(f"{held.base.lake}\n")
    assert english(lake.damage(held.base)) == "it is not there"
    assert lake.write("acme", "accounts", 2, frame(a="1")).lake == held.base.lake


def test_a_lake_of_an_earlier_version_without_its_mark(lake: Lake, held: Manifest) -> None:
    (lake.root / MARKER).unlink()
    old = without_checksum(held).base
    (lake.root / old.path).unlink()
    with pytest.raises(StoreUnavailable):
        lake.damage(old)
    place = lake.root / "globex" / "accounts" / "00000001-0123456789ab.parquet"
    place.parent.mkdir(parents=True)
    frame(b="1").write_parquet(place)
    assert english(lake.damage(old)) == "it is not there"


def test_nothing_held_is_no_manifest() -> None:
    assert Manifest.held(NOTHING) is None
