"""What no command foresaw: one JSON object, the right exit code, and an id that the log has too.

Every command that has ``--json`` meets every kind of exception, raised where it opens its
environment. What does not belong here: real faults of disks and servers
(``test_broken_machine.py``).
"""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa
import typer.main

from flyle_sf_assets.cli import command_line, main
from flyle_sf_assets.installation.environment import Environment

MARKER = "geheimer-Wert-7734"
"""What a record holds: no output of a command that failed may show it."""


@dataclass(frozen=True)
class Kind:
    """An exception as a library raises it, and what the command has to say of it."""

    make: Callable[[], BaseException]
    code: str
    has_incident: bool = True


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number), f"/lake/{MARKER}.parquet")


def _wrapped(cause: Exception) -> Exception:
    error = RuntimeError(f"while writing {MARKER}")
    error.__cause__ = cause
    return error


DISK_FULL = "parquet: File out of specification: underlying IO error: No space left on device"
QUOTED = (
    f"conversion from `str` to `date` failed in column 'a' for 1 out of 1 values: [\"{MARKER}\"]"
)
KINDS = {
    "recursion": Kind(lambda: RecursionError("maximum recursion depth"), "unforeseen"),
    "overflow": Kind(lambda: OverflowError(f"{MARKER} too large to convert"), "unforeseen"),
    "memory": Kind(MemoryError, "out_of_memory"),
    "unicode": Kind(
        lambda: UnicodeDecodeError("utf-8", MARKER.encode(), 0, 1, "invalid start byte"),
        "unforeseen",
    ),
    "surrogate": Kind(lambda: ValueError(f"\udcff{MARKER}"), "unforeseen"),
    "key": Kind(lambda: KeyError(MARKER), "unforeseen"),
    "conversion": Kind(lambda: pl.exceptions.InvalidOperationError(QUOTED), "unforeseen"),
    "polars_full": Kind(
        lambda: pl.exceptions.ComputeError(f"{DISK_FULL} (os error 28)"), "disk_full"
    ),
    "polars_os": Kind(lambda: OSError(f"{DISK_FULL} (os error 28)"), "disk_full"),
    "full": Kind(lambda: _os_error(errno.ENOSPC), "disk_full"),
    "quota": Kind(lambda: _os_error(errno.EDQUOT), "disk_full"),
    "full_behind": Kind(lambda: _wrapped(_os_error(errno.ENOSPC)), "disk_full"),
    "read_only": Kind(lambda: _os_error(errno.EROFS), "storage_read_only"),
    "denied": Kind(lambda: _os_error(errno.EACCES), "storage_not_permitted"),
    "other_os_error": Kind(lambda: _os_error(errno.EIO), "storage_failed"),
    "driver": Kind(lambda: psycopg.OperationalError("server closed"), "store_unavailable"),
    "driver_by_dagster": Kind(
        lambda: sa.exc.OperationalError("INSERT", {"v": MARKER}, psycopg.OperationalError("gone")),
        "store_unavailable",
    ),
    "shutdown": Kind(lambda: psycopg.errors.AdminShutdown("terminating"), "store_unavailable"),
    "database_full": Kind(lambda: psycopg.errors.DiskFull(f"{MARKER}"), "disk_full"),
    "database_read_only": Kind(
        lambda: psycopg.errors.ReadOnlySqlTransaction("cannot"), "storage_read_only"
    ),
    "constraint": Kind(
        lambda: psycopg.errors.UniqueViolation(f"Key (a)=({MARKER}) exists"), "unforeseen"
    ),
}


def _json_commands() -> dict[str, list[str]]:
    """Every command that has ``--json``, with an argument for each that it requires."""
    found: dict[str, list[str]] = {}

    def walk(group: object, words: list[str]) -> None:
        for name, command in getattr(group, "commands", {}).items():
            walk(command, [*words, name])
            options = {option for one in command.params for option in one.opts}
            if "--json" in options:
                given = {"tenant": "acme", "sync_id": "1"}
                required = [
                    given.get(one.name, "001000000000001AAA")
                    for one in command.params
                    if one.required and one.param_type_name == "argument"
                ]
                found[" ".join([*words, name])] = [*words, name, *required]

    walk(typer.main.get_group(main.app), [])
    return found


COMMANDS = _json_commands()


def _run(
    arguments: list[str], make: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
) -> int:
    def broken(*_: object) -> Environment:
        raise make()

    monkeypatch.setattr(Environment, "from_environment", staticmethod(broken))
    return command_line.run(arguments)


def test_every_command_of_the_contract_that_is_here_is_tried() -> None:
    """A command that this file overlooks would be free to print a traceback."""
    assert COMMANDS.keys() >= {"check", "preview", "sync", "status", "census", "apply", "history"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_one_json_object_with_the_error_and_an_incident_that_the_log_has(
    command: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """stdout was empty and the terminal held a traceback that quoted a customer's value."""
    code = _run([*COMMANDS[command], "--json"], KINDS[kind].make, monkeypatch)
    out, err = capfd.readouterr()
    document = json.loads(out)
    assert isinstance(document, dict)
    error = document["error"]
    assert (code, error["code"]) == (1, KINDS[kind].code)
    assert error.keys() >= {"tried", "tried_ja", "came_back", "remedy", "remedy_ja", "incident"}
    assert all(error[name] for name in ("tried", "tried_ja", "came_back", "remedy", "remedy_ja"))
    logged = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    (entry,) = [one for one in logged if one.get("incident") == error["incident"]]
    assert entry["code"] == error["code"]
    assert any("test_unforeseen.py" in frame for one in entry["raised"] for frame in one["frames"])
    assert "Traceback" not in err
    assert MARKER not in out + err


@pytest.mark.parametrize("kind", KINDS)
def test_without_json_the_terminal_shows_the_error_once(
    kind: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log said it, the command said it again, and Python a third time."""
    code = _run(COMMANDS["status"], KINDS[kind].make, monkeypatch)
    out, err = capfd.readouterr()
    assert (code, out) == (1, "")
    told = [line for line in err.splitlines() if not line.startswith("{")]
    assert sum(line.count("What to do") for line in told) == 1
    assert not [line for line in told if "対処" in line]
    assert sum(line.count(KINDS[kind].code) for line in told) == 1
    assert "Traceback" not in err
    assert MARKER not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["sync", "--json"],
        ["census", "--json"],
        ["history", "acme", "--json"],
        ["status", "--json", "--nonsense"],
        ["check", "a", "b", "--json"],
        ["--log-level", "LOUD", "status", "--json"],
    ],
)
def test_wrong_usage_is_one_json_object_too(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A script that forgot an argument read an empty stdout."""
    code = command_line.run(arguments)
    out, err = capfd.readouterr()
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (2, "usage")
    assert error["tried_ja"]
    assert "Traceback" not in err


def test_an_interrupt_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command as it always did."""
    assert _run(["status", "--json"], KeyboardInterrupt, monkeypatch) == 130


def test_a_result_that_cannot_be_written_as_json_is_an_error_too(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The document was made after the boundary, and stdout held half of it."""
    monkeypatch.setattr(
        "flyle_sf_assets.cli.applying.apply_files", lambda: (_Unwritable(), _Unwritable())
    )
    assert command_line.run(["apply", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "unforeseen"


class _Unwritable:
    is_usable = True

    def document(self) -> dict[str, object]:
        return {"deep": 10**5000}


def test_a_stdout_that_takes_nothing_is_said_on_stderr() -> None:
    """On a full disk ``flyle-sf schema > schema.json`` left half a file and a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flyle_sf_assets.cli", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "disk_full" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp932"])
def test_json_is_whole_whatever_stdout_can_encode(encoding: str) -> None:
    """Japanese on a terminal of another encoding ended in a UnicodeEncodeError."""
    done = subprocess.run(
        [sys.executable, "-m", "flyle_sf_assets.cli", "sync", "--json"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert json.loads(done.stdout.decode(encoding))["error"]["tried_ja"].startswith("コマンド")
