"""A prefix of an S3 bucket: requests with time limits, retries, and errors of ours.

Credentials and region come from the ``AWS_*`` variables, which the client library reads; they are
in no argument, log or error.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
import stamina
from obstore import Bytes
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.s3_address import Address
from flyle_sf_assets.lake.s3_errors import (
    LOST_KEY,
    OUT_OF_RANGE,
    WRITES_AT_ONCE,
    S3Failed,
    code_in,
    s3_error,
)
from flyle_sf_assets.salesforce.retries import limited_to

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

T = TypeVar("T")

PART_BYTES = 16 << 20
"""An object is read in parts of this size: each has its own time limit and its own retries."""

CREATE_BYTES_MAX = 32 << 20
"""A larger object is written in parts, without a condition for its name, which is random."""

DELETE_KEYS_MAX = 1000
"""The most keys that one request of S3 deletes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, and how often it is sent again."""

    connect_s: float = 5.0
    silent_s: float = 15.0
    """Between two reads of an answer."""
    request_s: float = 60.0
    attempts: int = 8
    total_s: float = 60.0
    """No attempt begins later than this after the first."""
    first_wait_s: float = 0.2
    longest_wait_s: float = 8.0


PATIENCE = Patience()

OF_POLLS = Patience(connect_s=3.0, silent_s=5.0, request_s=30.0, attempts=3, total_s=5.0)
"""One that is silent is given up within 10 s: a tick waits 15 s for the last poll."""

_processes: set[int] = set()


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of an object: its size in bytes, and the SHA-256 of it."""

    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An object of a listing: its key below the prefix, its size in bytes, its time (UTC)."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True)
class Bucket:
    """Objects below the prefix of an address; keys are relative to it.

    Every method raises S3Failed when S3 cannot be reached or refuses the request, after retries of
    what may pass.
    """

    address: Address
    patience: Patience = field(default_factory=lambda: PATIENCE)

    @property
    def place(self) -> str:
        """As messages name it."""
        return self.address.place

    def read(self, key: str, target: Path) -> Content | None:
        """Writes an object's content to a local file; None when there is no such object."""
        digest, offset, size = hashlib.sha256(), 0, 1
        with target.open("wb") as sink:
            while offset < size:
                part = self._tried(lambda: self._part(key, offset))  # noqa: B023  called at once
                if part is None:
                    return None
                size, content = part
                if not content:
                    break
                digest.update(content)
                sink.write(content)
                offset += len(content)
        return Content(offset, digest.hexdigest())

    def read_start(self, key: str, length: int) -> tuple[int, bytes] | None:
        """An object's size and its first bytes; None when there is no such object."""
        found = self._tried(lambda: self._part(key, 0, length))
        return None if found is None else (found[0], bytes(memoryview(found[1])))

    def create(self, key: str, content: bytes) -> bool:
        """Writes a small object unless there is one of that name already; whether it did."""
        return self._tried(lambda: self._created(key, content))

    def write(self, key: str, file: Path, size: int) -> bool:
        """Writes a file under a new name; False when there is an object of that name already.

        After a lost answer that is the one which this call wrote: compare its content.
        """
        if size <= CREATE_BYTES_MAX:
            return self.create(key, file.read_bytes())
        # Each part is retried by the client library, so not all of them are sent again.
        self._once(
            lambda: obstore.put(self._patient, key, file, chunk_size=PART_BYTES, max_concurrency=4)
        )
        return True

    def listed(self, below: str) -> list[Listed]:
        """Every object whose key begins with ``below/``, a thousand per request."""
        pages = self._tried(lambda: list(obstore.list(self._store, below)))
        return [
            Listed(one["path"], one["size"], one["last_modified"]) for page in pages for one in page
        ]

    def folders(self) -> list[str]:
        """The first parts of all keys that have more than one."""
        found = self._tried(lambda: obstore.list_with_delimiter(self._store))
        return [one.strip("/") for one in found["common_prefixes"]]

    def delete(self, keys: Sequence[str]) -> None:
        """Deletes objects by their keys, a thousand per request; one that is gone is no error."""
        for start in range(0, len(keys), DELETE_KEYS_MAX):
            some = keys[start : start + DELETE_KEYS_MAX]
            self._tried(lambda: obstore.delete(self._store, some))  # noqa: B023  called at once

    def _part(
        self, key: str, offset: int, length: int | None = None
    ) -> tuple[int, Bytes | bytes] | None:
        """The object's size and a part of it; None when there is no such object."""
        try:
            found = obstore.get(
                self._store, key, options={"range": (offset, offset + (length or PART_BYTES))}
            )
            content = found.bytes()
        except FileNotFoundError as error:
            # Not what a proxy or a missing bucket answers: that is no loss.
            if code_in(error) != LOST_KEY:
                raise
            return None
        except BaseError as error:
            # An empty object has no first byte; one that became shorter has no such part.
            if code_in(error) == OUT_OF_RANGE:
                return offset, b""
            raise
        return found.meta["size"], content

    def _created(self, key: str, content: bytes) -> bool:
        try:
            obstore.put(self._store, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError as error:
            if code_in(error) in WRITES_AT_ONCE:
                raise
            return False
        return True

    def _tried(self, request: Callable[[], T]) -> T:
        """The answer of a request, which is sent again when that can help."""
        patience = self.patience
        attempts = stamina.retry_context(
            on=_may_pass,
            attempts=patience.attempts,
            timeout=patience.total_s,
            wait_initial=patience.first_wait_s,
            wait_max=patience.longest_wait_s,
        )
        with limited_to(patience.attempts, "lake"):
            for attempt in attempts:
                with attempt:
                    return self._once(request)
        raise AssertionError("stamina ends with a result or an exception")

    def _once(self, request: Callable[[], T]) -> T:
        _require_unforked()
        try:
            return request()
        except (BaseError, FileNotFoundError) as error:
            tried = Text(
                f"{self.place} にアクセスしようとしました", f"Tried to access {self.place}"
            )
            # Without the library's error: its text quotes the signed request.
            raise s3_error(error, tried) from None

    @cached_property
    def _store(self) -> S3Store:
        return self._client(retries=0)

    @cached_property
    def _patient(self) -> S3Store:
        return self._client(retries=self.patience.attempts - 1)

    def _client(self, *, retries: int) -> S3Store:
        patience, endpoint, ca_file = self.patience, self.address.endpoint, self.address.ca_file
        trusted: ClientConfig = {}
        if ca_file is not None:
            trusted = {"root_certificate": ca_file.read_bytes()}
        config: S3Config = {} if endpoint is None else {"endpoint": endpoint}
        return S3Store(
            self.address.bucket,
            prefix=self.address.prefix or None,
            config=config,
            client_options={
                **trusted,
                "allow_http": endpoint is not None and endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=patience.connect_s),
                "read_timeout": timedelta(seconds=patience.silent_s),
                "timeout": timedelta(seconds=patience.request_s),
            },
            retry_config={
                "max_retries": retries,
                "retry_timeout": timedelta(seconds=patience.total_s),
                "backoff": {
                    "init_backoff": timedelta(seconds=patience.first_wait_s),
                    "max_backoff": timedelta(seconds=patience.longest_wait_s),
                    "base": 2,
                },
            },
        )


def _require_unforked() -> None:
    """The client library's threads do not exist in a forked process: it would wait for ever."""
    _processes.add(os.getpid())
    if len(_processes) > 1:
        raise RuntimeError("S3 was used in this process before it was forked: start workers first")


def _may_pass(error: Exception) -> bool:
    return isinstance(error, S3Failed) and error.passes
