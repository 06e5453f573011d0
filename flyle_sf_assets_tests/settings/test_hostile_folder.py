"""Whatever anybody drops into the settings folder: told within a moment, and nobody waits for it.

8 kB of brackets took 15 s and 100 kB minutes, a named pipe stopped ``apply`` for ever, a link to
an endless device was read until memory ended, a name that is not UTF-8 ended in a traceback.
"""

import os
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flyle_sf_assets.errors import NotConnected
from flyle_sf_assets.settings import yaml_reading
from flyle_sf_assets.settings.loading import (
    PROBLEMS_MAX,
    list_files,
    load_each,
    load_tenant,
    settings_file,
)
from flyle_sf_assets.settings.models import SecretRef
from flyle_sf_assets.settings.secret_refs import reveal
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.yaml_reading import EVENTS_MAX, read_yaml
from flyle_sf_assets_tests.settings.conftest import CONTRACT_EXAMPLE

FOLDER_S = 2.0
ONE_FILE_S = 0.5
LARGE = 5 * 10**9


def pipe(path: Path) -> None:
    """Nobody writes into it: opening it waits for ever."""
    os.mkfifo(path)


def endless(path: Path) -> None:
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    """Reading it waits for a person."""
    path.symlink_to("/dev/ptmx")


def listening(path: Path) -> None:
    """A Unix socket; its address may be no longer than some 100 bytes."""
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def huge(path: Path) -> None:
    """5 GB, of which the disk holds nothing."""
    with path.open("wb") as file:
        file.truncate(LARGE)


def folder(path: Path) -> None:
    """Named like a file."""
    path.mkdir()


def ring(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def nowhere(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nowhere")


def written(content: bytes) -> Callable[[Path], None]:
    """A file with this content."""

    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


KINDS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "pipe": (pipe, "file_unreadable", "named pipe"),
    "endless": (endless, "file_unreadable", "device"),
    "terminal": (terminal, "file_unreadable", "device"),
    "socket": (listening, "file_unreadable", "socket"),
    "huge": (huge, "file_too_large", "5,000,000,000 bytes"),
    "folder": (folder, "file_unreadable", "folder"),
    "ring": (ring, "file_unreadable", "symbolic links"),
    "nowhere": (nowhere, "file_unreadable", "No such file"),
    "open": (written(b"a: " + b"[" * 100_000), "nested_too_deep", "nested too deeply"),
    "closed": (
        written(b"a: " + b"[" * 50_000 + b"]" * 50_000),
        "nested_too_deep",
        "nested too deeply",
    ),
    "braces": (written(b"a: " + b"{" * 100_000), "nested_too_deep", "nested too deeply"),
    "both": (written(b"a: " + b"[{" * 50_000), "nested_too_deep", "nested too deeply"),
    "deep": (written(b"\n".join(b"[{a: " for _ in range(20_000))), "nested_too_deep", "too deeply"),
    "tag": (written(b"a: !" + b"x" * 900_000 + b" b"), "tag", "tags"),
    "laughs": (
        written(b"a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n"),
        "anchor",
        "anchors",
    ),
    "binary": (written(bytes(range(256)) * 100), "not_utf8", "not UTF-8"),
    "scalar": (written(b"tenant: " + b"x" * 20_000), "tenant_invalid", "not a tenant name"),
    "documents": (written(b"---\na: 1\n" * 50), "several_documents", "second document"),
    "name": (written(b"tenant: acme\n"), "file_name_invalid", "\\xff"),
    "lines": (written(b"tenant: acme\n"), "file_name_invalid", "\\n"),
}


def name_of(kind: str, number: int) -> bytes:
    """The file's name; two kinds are told by it alone."""
    head = {"name": b"bad-\xff", "lines": b"two\nlines-"}.get(kind, kind.encode())
    return head + str(number).encode() + b".yaml"


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    """The folder of the settings files."""
    made = tmp_path / "tenants"
    made.mkdir()
    return made


def drop(tenants: Path, kind: str, number: int = 0) -> Path:
    """Puts one of that kind there."""
    path = tenants / os.fsdecode(name_of(kind, number))
    KINDS[kind][0](path)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(60)
def test_each_kind_is_told_within_a_moment(tenants: Path, kind: str) -> None:
    """With its reason, in words that can be printed."""
    path = drop(tenants, kind)
    _, code, words = KINDS[kind]
    began = time.thread_time()  # waiting shows in the test's time limit
    loaded = load_tenant(path)
    assert time.thread_time() - began < ONE_FILE_S
    assert loaded.settings is None
    found = {problem.code: problem for problem in loaded.problems}
    assert words in found[code].message.en
    for problem in loaded.problems:
        told = f"{problem.place} {problem.message.en} {problem.message.ja}"
        assert told.encode()
        assert "\n" not in told
        assert len(told) < 1_000


@pytest.mark.timeout(60)
def test_a_folder_with_a_hundred_hostile_files_delays_no_tenant(tenants: Path) -> None:
    """Five of each kind, and the tenants that stand between them by name."""
    for kind in KINDS:
        for number in range(100 // len(KINDS)):
            drop(tenants, kind, number)
    good = ["aaa", "acme", "zzz"]
    for name in good:
        text = CONTRACT_EXAMPLE.replace("tenant: acme", f"tenant: {name}")
        (tenants / f"{name}.yaml").write_text(text, "utf-8")
    began = time.thread_time()
    listed = list_files(tenants.parent)
    listing_s = time.thread_time() - began
    loaded = list(load_each(tenants.parent))
    assert time.thread_time() - began < FOLDER_S
    assert listing_s < ONE_FILE_S
    assert (len(listed), len(loaded)) == (103, 103)
    assert sorted(one.tenant for one in loaded if one.settings) == good
    assert all(listed[name].digest for name in good)


def test_the_smallest_files_come_first(tenants: Path) -> None:
    """Reading a megabyte of sound YAML takes seconds: they are its own tenant's."""
    many = "mapping:\n" + "  - {from: A, to: a, label: b}\n" * 100
    (tenants / "aaa.yaml").write_text(many, "utf-8")
    (tenants / "acme.yaml").write_text(CONTRACT_EXAMPLE, "utf-8")
    assert [one.tenant for one in load_each(tenants.parent)] == ["acme", "aaa"]


def test_no_more_than_a_megabyte_is_read_whatever_the_file_says(
    tenants: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that grows while it is read, or one below /proc that says that it is empty."""
    path = tenants / "acme.yaml"
    path.write_bytes(b"# \n" * 600_000)
    read: list[int] = []
    really_read, really_stat = os.read, os.fstat

    def counting(descriptor: int, count: int) -> bytes:
        chunk = really_read(descriptor, count)
        read.append(len(chunk))
        return chunk

    def empty(found: os.stat_result) -> os.stat_result:
        fields = list(found)
        fields[stat.ST_SIZE] = 0
        return os.stat_result(fields)

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", counting)
        patch.setattr(os, "fstat", lambda descriptor: empty(really_stat(descriptor)))
        patch.setattr(os, "stat", lambda path: empty(os.lstat(path)))
        (problem,) = load_tenant(path).problems
    assert problem.code == "file_too_large"
    assert 0 < sum(read) <= 1_000_001


def test_a_hundred_problems_are_told_and_the_rest_is_counted(tenants: Path) -> None:
    """60,000 lines scrolled the first one, which explained the others, out of sight."""
    path = tenants / "acme.yaml"
    lines = [f"key{number}: 1" for number in range(3_000)]
    path.write_text("\n".join(lines), "utf-8")
    problems = load_tenant(path).problems
    assert len(problems) == PROBLEMS_MAX + 1 == 101
    needed = ("tenant", "display_name", "plan", "connection", "source")
    more = 3_000 + len(needed) - 100
    assert problems[-1].code == "more_problems"
    assert problems[-1].message.en == f"and {more:,} more"
    assert f"{more:,}件" in problems[-1].message.ja


def test_a_file_of_more_values_than_any_settings_have_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A megabyte of short lines would keep a tick of the sensor for a minute."""
    assert EVENTS_MAX >= 5 * 2_000 * 12  # five times 2,000 mappings
    monkeypatch.setattr(yaml_reading, "EVENTS_MAX", 1_000)
    (problem,) = read_yaml(b"a:\n" + b"- b\n" * 2_000, "acme.yaml").problems
    assert problem.code == "too_many_values"
    assert problem.line is not None
    assert abs(problem.line - 1_000) < 10


@pytest.mark.timeout(60)
def test_many_refused_values_cost_no_more_than_their_number() -> None:
    """Each problem was compared with each refused place: 30,000 aliases took minutes."""
    item = "  - {from: *a, to: *a, type: x}\n"
    taken = []
    for count in (200, 1_600):
        reading = read_yaml(("mapping:\n" + item * count).encode(), "acme.yaml")
        document = reading.document
        assert isinstance(document, dict)
        began = time.thread_time()
        validate(document, unreadable=reading.unreadable)
        taken.append(time.thread_time() - began)
    assert taken[1] < 8 * taken[0] * 3


@pytest.mark.parametrize("kind", ["pipe", "endless", "terminal", "socket", "huge", "folder"])
@pytest.mark.timeout(60)
def test_a_secret_is_read_from_a_regular_file_only(tenants: Path, kind: str) -> None:
    """``{file: PATH}`` is written by anyone who writes settings."""
    path = drop(tenants, kind)
    began = time.monotonic()
    with pytest.raises(NotConnected) as raised:
        reveal(SecretRef(file=str(path)))
    assert time.monotonic() - began < ONE_FILE_S
    assert raised.value.code == "secret_missing"
    words = "larger than" if kind == "huge" else KINDS[kind][2]
    assert words in raised.value.came_back.en


def test_a_secret_below_the_home_of_nobody_is_missing() -> None:
    """``~nobody-of-this-name/key`` ended in a traceback."""
    with pytest.raises(NotConnected):
        reveal(SecretRef(file="~nobody-of-this-name/key"))


def test_a_regular_file_behind_links_is_read(tenants: Path) -> None:
    """Mounted configuration is links upon links."""
    (tenants / "..data").mkdir()
    (tenants / "..data" / "acme").write_text(CONTRACT_EXAMPLE, "utf-8")
    (tenants / "link").symlink_to("..data/acme")
    (tenants / "acme.yaml").symlink_to("link")
    assert load_tenant(tenants / "acme.yaml").settings is not None


@pytest.mark.parametrize("tenant", ["../acme", "a/../acme", "ACME", "acme\n", "\udcff", ""])
def test_a_tenants_name_is_no_path(tenants: Path, tenant: str) -> None:
    """``flyle-sf check ../../somewhere`` read whatever is there."""
    (tenants / "acme.yaml").write_text(CONTRACT_EXAMPLE, "utf-8")
    assert settings_file(tenants.parent, "acme") is not None
    assert settings_file(tenants.parent, tenant) is None
