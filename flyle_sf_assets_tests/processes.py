"""Python processes beside the test's own: what is told about processes is shown with processes."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def python(code: str, *arguments: str, user: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """Runs ``code`` with pipes to its stdin and stdout; killed at the end when it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def command(
    *arguments: str, home: Path, temporary: Path, said: Path, by: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Starts ``flyle-sf`` in a session of its own; what it says goes to the file ``said``.

    ``home`` and ``temporary`` are its folders, ``by`` is a program that starts it.
    """
    with said.open("wb") as output:
        return subprocess.Popen(
            [*by, sys.executable, "-m", "flyle_sf_assets.cli", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "TMPDIR": str(temporary),
                "FLYLE_HOME": str(home),
                "FLYLE_CONFIG_DIR": str(home / "config"),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def one_starts_at_a_time() -> Iterator[None]:
    """For starts of the Dagster UI: of two that find the same port free one starts twice."""
    lock = Path(tempfile.gettempdir(), f"flyle-start-{os.geteuid()}.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def processes_of(folder: Path) -> list[int]:
    """Processes that name the folder as an argument or in their environment, of any parent.

    An account other than root sees the environment of its own processes only.
    """
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="],  # noqa: S607  where it is differs
        capture_output=True,
        check=True,
        text=True,
        errors="replace",
    ).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if str(folder) in line]


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that the process writes, without its end."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def tell(process: subprocess.Popen[str], text: str = "") -> None:
    """Writes a line to the process."""
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
