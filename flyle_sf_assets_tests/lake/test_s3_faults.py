"""A bucket that refuses, breaks off or stays silent: no file is lost by it, and it is told why."""

import ssl
import time
from pathlib import Path

import pytest
import trustme

from flyle_sf_assets.errors import FlyleError, StoreUnavailable
from flyle_sf_assets.lake.damage import RecordFilesUnavailable
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets.lake.storage import StoredFile
from flyle_sf_assets.scheduling.poller import GRACE_S
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, FaultyProxy, refusal
from flyle_sf_assets_tests.lake.frames import frame
from flyle_sf_assets_tests.lake.s3_server import (
    BRIEF,
    SECRET_KEY,
    SomeBucket,
    elsewhere,
    ids,
)

LASTS = 1_000


@pytest.fixture
def lake(bucket: SomeBucket, tmp_path: Path) -> Lake:
    return Lake(bucket.url, tmp_path / "scratch")


@pytest.fixture
def held(lake: Lake) -> Manifest:
    return Manifest("accounts", 1, ("Name",), "", lake.write("acme", "accounts", 1, frame(a="1")))


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
    "two writes at once": lambda: Fault(
        "PUT", times=1, answer=refusal(409, "ConditionalRequestConflict")
    ),
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
    unused = [one for one in bucket.proxy.faults if one.times]
    assert len(unused) == (3 if fault == "two writes at once" else 0)


def test_an_object_that_somebody_else_wrote_under_our_name_is_not_ours(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    bucket.proxy.fail(Fault("PUT", answer=refusal(412, "PreconditionFailed")))
    with pytest.raises(FlyleError, match="record_file_exists"):
        lake.write("acme", "accounts", 2, frame(b="1"))
    assert ids(lake, held) == ["a"]


def test_a_missing_object_is_told_by_s3_and_by_nobody_else(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    """A gateway that does not know the host answers 404 too: no file is lost by that."""
    bucket.proxy.fail(Fault("GET", times=LASTS, answer=(404, b"<html>Not Found</html>")))
    with pytest.raises(StoreUnavailable, match="s3_refused"):
        lake.damage(held.base)


def test_what_a_network_damages_is_read_again(
    bucket: SomeBucket, held: Manifest, tmp_path: Path
) -> None:
    """Only what S3 gives twice is damaged."""
    bucket.proxy.fail(Fault("GET", held.base.path, is_garbled=True))
    with bucket.counted() as requests:
        assert ids(elsewhere(bucket, tmp_path), held) == ["a"]
    assert requests == {f"GET {held.base.path}": 2}


def test_a_file_that_s3_does_not_delete_is_an_error(
    bucket: SomeBucket, lake: Lake, held: Manifest
) -> None:
    """S3 answers 200 for the request, and says per key what became of it."""
    body = (
        "<?xml version='1.0'?><DeleteResult><Error>"
        f"<Key>lake/of-tests/{held.base.path}</Key><Code>AccessDenied</Code>"
        "<Message>for people</Message></Error></DeleteResult>"
    )
    bucket.proxy.fail(Fault("POST", answer=(200, body.encode())))
    with pytest.raises(StoreUnavailable, match="s3_access_denied"):
        lake.delete("acme", *lake.files_of("acme"))


def test_without_credentials_it_says_so(
    bucket: SomeBucket, tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside of Amazon nobody answers for a role of the machine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreUnavailable, match="s3_credentials_missing"):
        elsewhere(bucket, tmp_path).read(held)


def test_an_empty_variable_counts_as_unset(
    bucket: SomeBucket, tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose files pass variables on that nobody has set; S3 refuses an empty token."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    assert ids(elsewhere(bucket, tmp_path), held) == ["a"]
    assert "x-amz-security-token" not in bucket.proxy.seen[-1].headers
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert ids(elsewhere(bucket, tmp_path), held) == ["a"]
    assert bucket.proxy.seen[-1].headers["x-amz-security-token"] == "token"


def test_a_server_that_is_not_there_is_out_of_reach(
    bucket: SomeBucket, tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreUnavailable, match="s3_unreachable"):
        elsewhere(bucket, tmp_path).read(held)


def test_a_server_that_stays_silent_is_given_up(
    bucket: SomeBucket, tmp_path: Path, held: Manifest
) -> None:
    """Each attempt ends after the time for silence, and their number is limited."""
    bucket.proxy.fail(Fault("GET", times=LASTS, pause_s=5.0))
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="s3_unreachable"):
        elsewhere(bucket, tmp_path).read(held)
    assert time.monotonic() - started < BRIEF.total_s + BRIEF.request_s


def test_a_poll_does_not_wait_for_a_silent_server(
    bucket: SomeBucket, tmp_path: Path, held: Manifest
) -> None:
    """It ended after the tick had: nothing was said of it, and each minute the org was asked."""
    bucket.proxy.fail(Fault("GET", times=LASTS, pause_s=12.0))
    started = time.monotonic()
    with pytest.raises(RecordFilesUnavailable, match="s3_unreachable"):
        elsewhere(bucket, tmp_path).for_polls().read(held)
    assert time.monotonic() - started < GRACE_S


def test_a_server_behind_a_private_ca_is_trusted_by_its_certificate(
    bucket: SomeBucket, tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    behind_tls = FaultyProxy(bucket.proxy.upstream_port, context)
    monkeypatch.setenv("AWS_ENDPOINT_URL", behind_tls.url)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    try:
        with pytest.raises(StoreUnavailable, match="s3_certificate_refused"):
            elsewhere(bucket, tmp_path).read(held)
        ca.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert ids(elsewhere(bucket, tmp_path), held) == ["a"]
    finally:
        behind_tls.close()
