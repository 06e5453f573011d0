"""Which values of FLYLE_LAKE_URL and AWS_ENDPOINT_URL name a bucket that may be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.lake.s3_address import Address, address_of


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://my-bucket", Address("my-bucket", "")),
        ("s3://my-bucket/", Address("my-bucket", "")),
        ("s3://my.bucket/flyle/lake-1/", Address("my.bucket", "flyle/lake-1")),
    ],
)
def test_a_bucket_with_or_without_a_prefix(url: str, address: Address) -> None:
    found = address_of(url, {})
    assert found == address
    assert found.place == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://ab",
        "s3://Bucket/lake",
        "s3://AKIAKEY:geheim@bucket/lake",
        "s3://bucket/lake?endpoint=geheim",
        "s3://bucket/../geheim",
        "s3://bucket/lake//geheim",
        "s3://bucket/la*ke",
        "s3://bucket:9000/lake",
    ],
)
def test_what_names_no_bucket_is_refused_and_not_repeated(url: str) -> None:
    """People paste credentials into URLs."""
    with pytest.raises(UsageError, match="lake_url_invalid") as caught:
        address_of(url, {})
    assert "geheim" not in str(caught.value)
    assert "AKIA" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": ""}, None),
        ({"AWS_ENDPOINT_URL": "https://minio.example:9000/"}, "https://minio.example:9000"),
        (
            {
                "AWS_ENDPOINT_URL": "https://all.example",
                "AWS_ENDPOINT_URL_S3": "https://s3.example",
            },
            "https://s3.example",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
        ({"AWS_ENDPOINT_URL": "http://[::1]:9000"}, "http://[::1]:9000"),
        ({"AWS_ENDPOINT_URL": "http://localhost:9000"}, "http://localhost:9000"),
        ({"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_ALLOW_HTTP": "true"}, "http://minio:9000"),
    ],
)
def test_an_endpoint_that_may_be_used(variables: dict[str, str], endpoint: str | None) -> None:
    assert address_of("s3://bucket/lake", variables).endpoint == endpoint


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://minio:9000", "s3_endpoint_insecure"),
        ("http://10.0.0.1:9000", "s3_endpoint_insecure"),
        ("http://127.0.0.1.example:9000", "s3_endpoint_insecure"),
        ("minio:9000", "s3_endpoint_invalid"),
        ("ftp://minio", "s3_endpoint_invalid"),
        ("https://", "s3_endpoint_invalid"),
        ("https://[::1", "s3_endpoint_invalid"),
        ("https://name:geheim@minio", "s3_endpoint_invalid"),
    ],
)
def test_an_endpoint_that_may_not_be_used(endpoint: str, code: str) -> None:
    """Record files in plain text through a network, or a password that ends up in an error."""
    with pytest.raises(UsageError) as caught:
        address_of("s3://bucket/lake", {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "false"})
    assert caught.value.code == code
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="ca_file_unreadable") as caught:
        address_of("s3://bucket/lake", {"AWS_CA_BUNDLE": str(file)})
    assert "AWS_CA_BUNDLE" in caught.value.tried.en


def test_a_local_lake_does_not_import_the_client_of_s3() -> None:
    """`flyle-sf --help` and every run without a bucket would wait for it."""
    code = (
        "import sys, flyle_sf_assets.cli.main, flyle_sf_assets.lake.files as f;"
        "f.Lake('/tmp/lake'); sys.exit('obstore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
