"""Record files in a bucket: what is asked for, and what counts as lost or as out of reach."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flyle_sf_assets.errors import FlyleError, RecordFileDamaged, StoreUnavailable
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets.lake.storage import StoredFile
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.frames import frame
from flyle_sf_assets_tests.lake.s3_server import SECRET_KEY, SomeBucket, new_bucket

LASTS = 1_000


@pytest.fixture
def bucket() -> Iterator[SomeBucket]:
    with new_bucket() as made:
        yield made


@pytest.fixture
def lake(bucket: SomeBucket, tmp_path: Path) -> Lake:
    return Lake(bucket.url, tmp_path / "scratch")


@pytest.fixture
def held(lake: Lake) -> Manifest:
    return Manifest("accounts", 1, ("Name",), "", lake.write("acme", "accounts", 1, frame(a="1")))


def elsewhere(bucket: SomeBucket, tmp_path: Path) -> Lake:
    """The same lake on another machine."""
    return Lake(bucket.url, tmp_path / "other machine")


def ids(lake: Lake, manifest: Manifest) -> list[str]:
    found: list[str] = lake.read(manifest).collect()["Id"].to_list()
    return found


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


REFUSALS = [
    (404, "NoSuchBucket", "s3_bucket_missing"),
    (403, "AccessDenied", "s3_access_denied"),
    (403, "InvalidAccessKeyId", "s3_credentials_refused"),
    (403, "SignatureDoesNotMatch", "s3_credentials_refused"),
    (400, "ExpiredToken", "s3_token_expired"),
    (403, "RequestTimeTooSkewed", "s3_clock_skewed"),
    (301, "PermanentRedirect", "s3_region_wrong"),
    (400, "AuthorizationHeaderMalformed", "s3_region_wrong"),
    (503, "SlowDown", "s3_slow_down"),
    (500, "InternalError", "s3_failed"),
    (400, "EntityTooLarge", "s3_refused"),
]


@pytest.mark.parametrize(("status", "s3_code", "code"), REFUSALS)
def test_a_refusal_is_no_loss_and_has_its_own_remedy(
    bucket: SomeBucket,
    lake: Lake,
    held: Manifest,
    tmp_path: Path,
    status: int,
    s3_code: str,
    code: str,
) -> None:
    """Reading, looking, writing, listing and deleting: each says the same."""
    other = elsewhere(bucket, tmp_path)
    bucket.proxy.fail(Fault(times=LASTS, answer=refusal(status, s3_code)))
    file = StoredFile(held.base.path, 1, frame(a="1")["SystemModstamp"][0])
    for attempt in (
        lambda: other.read(held),
        lambda: lake.damage(held.base),
        lambda: lake.damage(held.base, is_read=True),
        lambda: lake.write("acme", "accounts", 2, frame(b="1")),
        lambda: lake.files_of("acme"),
        lake.tenants,
        lambda: lake.delete("acme", file),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            attempt()
        assert caught.value.code == code
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert s3_code in str(caught.value) or "redirect" in str(caught.value)
        assert SECRET_KEY not in repr(caught.value) + str(caught.value)


FAULTS = {
    "500": lambda: Fault(times=2, answer=refusal(500, "InternalError")),
    "503": lambda: Fault(times=2, answer=refusal(503, "SlowDown")),
    "reset": lambda: Fault(times=2, is_reset=True),
    "cut off": lambda: Fault(times=1, cut=10),
    "slow": lambda: Fault(times=1, pause_s=0.8),
    "done, and the answer lost": lambda: Fault(times=1, is_done=True, is_reset=True),
    "done, and answered 500": lambda: Fault(
        times=1, is_done=True, answer=refusal(500, "InternalError")
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_is_tried_again(
    bucket: SomeBucket, lake: Lake, held: Manifest, tmp_path: Path, fault: str
) -> None:
    """A conditional write whose answer was lost finds its own object."""
    failing = bucket.proxy.fail
    failing(FAULTS[fault]())
    segment = lake.write("acme", "accounts", 2, frame(b="1"))
    both = held.with_segment(segment, added=1)
    failing(FAULTS[fault]())
    assert sorted(ids(elsewhere(bucket, tmp_path), both)) == ["a", "b"]
    failing(FAULTS[fault]())
    assert lake.tenants() == ["acme"]
    files = lake.files_of("acme")
    assert {one.path for one in files} == {f.path for f in both.files}
    failing(FAULTS[fault]())
    lake.delete("acme", *files)
    assert bucket.stored_keys() == [MARKER]
    assert [one.times for one in bucket.proxy.faults] == [0, 0, 0, 0]


def test_an_object_that_somebody_else_wrote_under_our_name_is_not_ours(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    bucket.proxy.fail(Fault("PUT", answer=refusal(412, "PreconditionFailed")))
    with pytest.raises(FlyleError, match="record_file_exists"):
        lake.write("acme", "accounts", 2, frame(b="1"))
    assert ids(lake, held) == ["a"]
