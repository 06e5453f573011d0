"""Record files in a bucket: what is asked for, what is written, and what counts as lost."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from flyle_sf_assets.errors import RecordFileDamaged, StoreError, StoreUnavailable
from flyle_sf_assets.lake import bucket as s3_bucket
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets.lake.storage import StoredFile
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.frames import frame
from flyle_sf_assets_tests.lake.s3_server import SomeBucket, elsewhere, ids


@pytest.fixture
def lake(bucket: SomeBucket, tmp_path: Path) -> Lake:
    return Lake(bucket.url, tmp_path / "scratch")


@pytest.fixture
def held(lake: Lake) -> Manifest:
    return Manifest("accounts", 1, ("Name",), "", lake.write("acme", "accounts", 1, frame(a="1")))


def test_what_one_machine_wrote_another_reads(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path
) -> None:
    """By one request for the file, and none for a list."""
    with bucket.counted() as requests:
        assert ids(elsewhere(bucket, tmp_path), held) == ["a"]
    assert requests == {f"GET {held.base.path}": 1}
    assert held.base.lake == bucket.get(MARKER).decode()


def test_a_new_file_costs_one_request_and_is_read_without_another(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    with bucket.counted() as requests:
        segment = lake.write("acme", "accounts", 2, frame(b="1").lazy())
        assert sorted(ids(lake, held.with_segment(segment, added=1))) == ["a", "b"]
    assert requests == {f"PUT {segment.path}": 1}


def test_the_name_of_a_new_file_must_be_new(bucket: SomeBucket, lake: Lake, held: Manifest) -> None:
    del lake, held
    writes = [one for one in bucket.proxy.seen if one.method == "PUT"]
    assert [one.headers["if-none-match"] for one in writes] == ["*", "*"]


def test_two_processes_that_begin_a_lake_give_it_one_name(
    bucket: SomeBucket, tmp_path: Path
) -> None:
    """Both see that it has none: the second write of the marker is refused."""
    first, second = Lake(bucket.url, tmp_path / "1"), elsewhere(bucket, tmp_path)
    bucket.proxy.fail(Fault("GET", MARKER, times=2, answer=refusal(404, "NoSuchKey")))
    one = first.write("acme", "accounts", 1, frame(a="1"))
    other = second.write("acme", "accounts", 2, frame(a="1"))
    assert one.lake == other.lake == bucket.get(MARKER).decode()


@pytest.mark.parametrize("is_read", [False, True])
def test_a_lost_object_is_the_loss_of_that_file(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path, *, is_read: bool
) -> None:
    bucket.delete(held.base.path)
    reason = lake.damage(held.base, is_read=is_read)
    assert reason is not None
    assert reason.en == "it is not there"
    with pytest.raises(RecordFileDamaged, match="is not there"):
        elsewhere(bucket, tmp_path).read(held)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[: len(content) // 2], "bytes instead of"),
        (lambda _content: b"", "it is empty"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "not what was written"),
    ],
    ids=["truncated", "emptied", "bit flipped"],
)
def test_a_changed_object_is_a_damaged_file(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path, damage: object, reason: str
) -> None:
    assert callable(damage)
    bucket.put(held.base.path, damage(bucket.get(held.base.path)))
    found = lake.damage(held.base, is_read=True)
    assert found is not None
    assert reason in found.en
    with pytest.raises(RecordFileDamaged, match=reason):
        elsewhere(bucket, tmp_path).read(held)


def test_a_refresh_reads_a_file_of_an_earlier_version_without_checksum(
    bucket: SomeBucket, held: Manifest, tmp_path: Path
) -> None:
    """A folder that was copied into a bucket."""
    old = replace(held, base=replace(held.base, size=0, checksum="", lake=""))
    assert ids(elsewhere(bucket, tmp_path), old) == ["a"]
    bucket.flip(held.base.path)
    bucket.put(held.base.path, b"PAR1" + bytes(100))
    with pytest.raises(RecordFileDamaged, match="no readable Parquet"):
        elsewhere(bucket, tmp_path).read(old)


def test_a_lake_without_its_marker_is_not_the_loss_of_its_files(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    """A wrong prefix, or a bucket that was emptied: no tenant is read again for it."""
    for key in bucket.stored_keys():
        bucket.delete(key)
    with pytest.raises(StoreUnavailable, match="lake_unavailable") as caught:
        lake.damage(held.base)
    assert held.base.lake in caught.value.remedy.en
    bucket.put(MARKER, held.base.lake.encode())
    assert lake.damage(held.base) is not None


def test_a_large_file_is_written_and_read_in_parts(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that fails is sent or read again, not the whole file."""
    monkeypatch.setattr(s3_bucket, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(s3_bucket, "CREATE_BYTES_MAX", 1 << 20)
    texts = [os.urandom(512).hex() for _ in range(22_000)]
    rows = frame(**{f"r{number}": text for number, text in enumerate(texts)})
    bucket.proxy.fail(Fault("PUT", skip=1, answer=refusal(503, "SlowDown")))
    with bucket.counted() as requests:
        segment = lake.write("acme", "accounts", 2, rows)
    assert segment.size > 10 << 20
    assert requests[f"PUT {segment.path}"] == 4
    bucket.proxy.fail(Fault("GET", segment.path, skip=1, cut=1 << 20))
    both = held.with_segment(segment, added=1)
    with bucket.counted() as requests:
        assert len(ids(elsewhere(bucket, tmp_path), both)) == 1 + len(texts)
    assert requests[f"GET {segment.path}"] == 4


def test_more_than_a_thousand_files_are_deleted_in_batches(bucket: SomeBucket, lake: Lake) -> None:
    stamp = frame(a="1")["SystemModstamp"][0]
    names = [f"acme/accounts/{number:08d}-0123456789ab.parquet" for number in range(1, 1_003)]
    bucket.put(names[0], b"x")
    bucket.put(names[-1], b"x")
    with bucket.counted() as requests:
        lake.delete("acme", *(StoredFile(name, 1, stamp) for name in names))
    assert requests == {"DELETE MANY": 2}
    assert bucket.stored_keys() == []


@pytest.mark.parametrize(
    "path",
    [
        "globex/accounts/00000001-0123456789ab.parquet",
        "acme/../globex/accounts/00000001-0123456789ab.parquet",
        "acme/accounts/*.parquet",
        "acme/.incoming/accounts/page-0.parquet",
        ".flyle-lake",
        "",
    ],
)
def test_only_a_record_file_of_the_tenant_is_deleted(
    bucket: SomeBucket, lake: Lake, held: Manifest, path: str
) -> None:
    stamp = frame(a="1")["SystemModstamp"][0]
    with bucket.counted() as requests, pytest.raises(StoreError, match="lake_path_refused"):
        lake.delete("acme", StoredFile(held.base.path, 1, stamp), StoredFile(path, 1, stamp))
    assert not requests


def test_a_process_that_is_forked_after_s3_was_used_does_not_wait_for_ever(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    """A pool of workers whose parent has read a file: the client's threads are not in a child."""
    child = os.fork()
    if not child:
        signal.alarm(20)
        try:
            lake.damage(held.base)
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def test_the_files_of_a_dataset_are_fetched_several_at_once(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path
) -> None:
    """A base and twenty segments one after the other would wait for twenty-one answers."""
    for number in range(2, 7):
        segment = lake.write("acme", "accounts", number, frame(**{f"r{number}": "1"}))
        held = held.with_segment(segment, added=1)
    bucket.proxy.reset()
    bucket.proxy.fail(Fault("GET", times=6, pause_s=0.2))
    assert len(ids(elsewhere(bucket, tmp_path), held)) == 6
    assert bucket.proxy.most_at_once > 2
    assert len(bucket.proxy.seen) == 6


def test_one_damaged_file_among_many_is_named(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path
) -> None:
    segment = lake.write("acme", "accounts", 2, frame(b="1"))
    bucket.flip(segment.path)
    with pytest.raises(RecordFileDamaged, match="not what was written") as caught:
        elsewhere(bucket, tmp_path).read(held.with_segment(segment, added=1))
    assert caught.value.path == segment.path
