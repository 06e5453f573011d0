"""A command on a pseudo-terminal of 80 columns, and the screen that a person sees.

What does not belong here: which commands (``test_terminal.py``).
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte

from flyle_sf_assets_tests.cli.site import TIMEOUT_S, Site

COLUMNS, ROWS = 80, 60
SCREENS = Path(__file__).parent / "screens"
INTERRUPT = b"\x03"
UPDATE = "UPDATE_SCREENS"
"""With this variable the expected screens are written instead of compared."""

MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "YYYY-MM-DD hh:mm"),
    (re.compile(r"(?m)^[ \d]{3}\d \d\d-\d\d \d\d:\d\d"), "   N MM-DD hh:mm"),
    (re.compile(r"\((in )?(\d+ (min|h|days)|a moment)( ago)?\)|\(just now\)"), "(when)"),
    (re.compile(r"\((\d+(分|時間|日)(前|後)|たった今|まもなく)\)"), "(when)"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"00D\w{15}"), "00D000000000000AAA"),
    (re.compile(r"\d+\.\d (s|秒)"), r"0.0 \1"),
    (re.compile(r"\d+ in 24 h \(the org used \d+"), "N in 24 h (the org used N"),
    (re.compile(r"24時間に \d+ 回 \(組織全体 \d+"), "24時間に N 回 (組織全体 N"),
)
"""What differs from run to run: times, ports, ids of orgs, calls and syncs of the tests before."""


@dataclass
class Terminal:
    """A running command and its screen; ``frames`` are all texts that the screen ever showed."""

    process: subprocess.Popen[bytes]
    master: int
    screen: pyte.Screen = field(default_factory=lambda: pyte.Screen(COLUMNS, ROWS))
    frames: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """What is on the screen now, without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait_for(self, is_reached: Callable[[str], bool]) -> None:
        """Reads until the screen is as wanted; fails when the command ends or takes too long."""
        deadline = time.monotonic() + TIMEOUT_S
        while not is_reached(self.text):
            assert self._read(), f"the command ended:\n{self.text}"
            assert time.monotonic() < deadline, f"not reached:\n{self.text}"

    def end(self) -> int:
        """Reads until the command has ended; returns its exit code."""
        deadline = time.monotonic() + TIMEOUT_S
        while self._read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        return self.process.wait(TIMEOUT_S)

    def press(self, keys: bytes) -> None:
        """As typed by a person."""
        os.write(self.master, keys)

    def _read(self) -> bool:
        """Takes in what was written meanwhile; False when the command has ended."""
        ready, _, _ = select.select([self.master], [], [], 0.2)
        if not ready:
            return self.process.poll() is None
        try:
            written = os.read(self.master, 65_536)
        except OSError:  # the last process with this terminal has ended
            return False
        self._stream.feed(written)
        if not self.frames or self.frames[-1] != self.text:
            self.frames.append(self.text)
        return bool(written)


@contextmanager
def terminal(site: Site, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """Runs ``flyle-sf`` in the foreground of a terminal of its own."""
    command = [sys.executable, "-m", "flyle_sf_assets.cli", *arguments]
    variables = site.environment(TERM="xterm-256color", **environment)
    with on_terminal(command, site.home, variables) as shown:
        yield shown


@contextmanager
def on_terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[Terminal]:
    """Runs any command in the foreground of a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", FOREGROUND, *command],
        cwd=folder,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


FOREGROUND = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes the terminal the one that controls the session, so that Ctrl-C arrives as a signal."""


def assert_screen(name: str, text: str) -> None:
    """Compares with the expected screen of that name, times and ids masked."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    expected = SCREENS / f"{name}.txt"
    if os.environ.get(UPDATE):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
