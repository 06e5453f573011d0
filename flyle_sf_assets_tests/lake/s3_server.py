"""An S3 server of this process for tests: moto's, behind a proxy that counts and misbehaves.

Both listen on this machine only. What is in a bucket is read and changed here by plain HTTP, not by
the product's client.
"""

import atexit
import functools
import logging
import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import requests

from flyle_sf_assets.lake import bucket
from flyle_sf_assets.lake.bucket import Patience
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets_tests.lake.faulty_proxy import FaultyProxy, Request

REGION = "ap-northeast-1"
ACCESS_KEY, SECRET_KEY = "AKIATESTTESTTESTTEST", "a-secret-key-that-no-text-may-show"
BRIEF = Patience(
    connect_s=2.0,
    silent_s=0.5,
    request_s=2.0,
    attempts=4,
    total_s=10.0,
    first_wait_s=0.01,
    longest_wait_s=0.02,
)
"""Retries as often as it matters, without the waits of production."""


@functools.cache
def proxy() -> FaultyProxy:
    """The proxy in front of the server; both are started once per process."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - 0.3 s, and few tests need it

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    _, port = server.get_host_and_port()
    made = FaultyProxy(port)
    atexit.register(made.close)
    return made


@dataclass
class SomeBucket:
    """A bucket of its own, and the proxy's faults and counts while it is used."""

    name: str
    proxy: FaultyProxy = field(repr=False)

    @property
    def url(self) -> str:
        """The value of FLYLE_LAKE_URL."""
        return f"s3://{self.name}/lake/of-tests"

    def stored_keys(self) -> list[str]:
        """The keys below the prefix."""
        answer = self._ask("GET", "?list-type=2")
        found = re.findall(r"<Key>lake/of-tests/([^<]+)</Key>", answer.text)
        return sorted(found)

    def get(self, key: str) -> bytes:
        """An object's content."""
        return self._ask("GET", f"/lake/of-tests/{key}").content

    def put(self, key: str, content: bytes) -> None:
        """Writes or replaces an object."""
        self._ask("PUT", f"/lake/of-tests/{key}", content)

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self._ask("DELETE", f"/lake/of-tests/{key}")

    def flip(self, key: str) -> None:
        """Flips one bit in the middle of an object."""
        content = bytearray(self.get(key))
        content[len(content) // 2] ^= 1
        self.put(key, bytes(content))

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """Counts the product's requests inside the block: ``GET acme/accounts/…parquet``."""
        found: Counter[str] = Counter()
        begun = len(self.proxy.seen)
        yield found
        found.update(_told(one) for one in self.proxy.seen[begun:])

    def create(self) -> None:
        """Makes the bucket."""
        place = f"<LocationConstraint>{REGION}</LocationConstraint>"
        text = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
        self._ask("PUT", "", text.encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        """Past the proxy; the server wants a signature and does not check it."""
        signed = f"AWS4-HMAC-SHA256 Credential=a/20260101/{REGION}/s3/aws4_request"
        url = f"http://127.0.0.1:{self.proxy.upstream_port}/{self.name}{path}"
        answer = requests.request(
            method, url, data=body, headers={"Authorization": signed}, timeout=10
        )
        answer.raise_for_status()
        return answer


@contextmanager
def new_bucket() -> Iterator[SomeBucket]:
    """A new bucket, with the environment that leads to it."""
    made = SomeBucket(f"test-{uuid.uuid4().hex[:12]}", proxy())
    made.proxy.reset()
    made.create()
    variables = {
        "AWS_ENDPOINT_URL": made.proxy.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    with (
        mock.patch.dict(os.environ, variables),
        mock.patch.object(bucket, "PATIENCE", BRIEF),
    ):
        yield made
    made.proxy.reset()


def elsewhere(bucket: SomeBucket, tmp_path: Path) -> Lake:
    """The lake of the bucket on another machine."""
    return Lake(bucket.url, tmp_path / "other machine")


def ids(lake: Lake, manifest: Manifest) -> list[str]:
    """The Ids of a dataset."""
    found: list[str] = lake.read(manifest).collect()["Id"].to_list()
    return found


def _told(request: Request) -> str:
    kind = request.method
    if "list-type" in request.query:
        kind = "LIST"
    elif request.method == "POST" and request.query.startswith("delete"):
        kind = "DELETE MANY"
    return f"{kind} {request.path.partition('/lake/of-tests/')[2]}".strip()
