"""A newcomer follows the section "Link your own org" of both READMEs, command by command.

The commands are read from the README, and run in an empty folder with what a checkout has. In place
of an own org stands the one of `flyle-sf sandbox`, as the section says.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from ruamel.yaml import YAML

from flyle_sf_assets_tests.cli.site import ROOT
from flyle_sf_assets_tests.cli.terminal import INTERRUPT, Terminal, on_terminal

READMES = {"README.md": "Link your own org", "README.ja.md": "自社の組織と連携する"}
SANDBOX = ".venv/bin/flyle-sf sandbox"
LINKED = ("Makefile", "pyproject.toml", "requirements.lock", "requirements-uv.lock", "tools")
RUN_S_MAX = 240.0
STOP_S_MAX = 40.0
"""Other tests run on the same cores: the promise of 10 s is for a machine of its own."""


def blocks(readme: str) -> dict[str, list[str]]:
    """The code blocks of the section, by their language."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    section = re.split(r"\n## ", text.split(f"\n## {READMES[readme]}\n")[1])[0]
    assert SANDBOX in section
    found: dict[str, list[str]] = {}
    for language, body in re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL):
        found.setdefault(language, []).append(body)
    return found


@dataclass
class Newcomer:
    """A folder like a checkout, and the block that the sandbox printed."""

    folder: Path
    pasted: str

    @property
    def environment(self) -> dict[str, str]:
        """A shell of its own: nothing of this test's environment but where programs are."""
        kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        return {**kept, "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "xterm-256color"}

    def script(self, readme: str) -> tuple[str, list[str]]:
        """What is typed first (exports, the block), and the section's commands."""
        exports, commands = blocks(readme)["sh"]
        path, app = exports.splitlines()
        assert app == "export ACME_SF_KEY=… ACME_SF_SECRET=…", "the block stands in its place"
        return f"{path}\n{self.pasted}", commands.splitlines()

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Runs it in a shell that stops at the first command that fails."""
        return subprocess.run(
            ["bash", "-e"],  # noqa: S607  where it is differs
            input=script,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=RUN_S_MAX,
            check=False,
        )


def like_a_checkout(folder: Path) -> None:
    """What make and a shell need; what make installs counts as installed.

    A link to the environment itself would let make install into it, under the running tests.
    """
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    for name in (".made", ".runtime"):
        (folder / ".venv" / name).touch()


@contextmanager
def newcomer() -> Iterator[Newcomer]:
    """The folder and a running sandbox, started by the command of the README."""
    with ExitStack() as stack:
        # Not below pytest's own directory: another account could not pass through to it as root.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flyle-newcomer-")))
        like_a_checkout(folder)
        process = stack.enter_context(
            subprocess.Popen(
                SANDBOX.split(),
                cwd=folder,
                env=Newcomer(folder, "").environment,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.send_signal, signal.SIGINT)
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "YAML\n":
            lines.append(process.stdout.readline())
            assert lines[-1], "the sandbox ended"
        begin = next(n for n, line in enumerate(lines) if line.startswith("export"))
        yield Newcomer(folder, "".join(lines[begin:]))


@pytest.fixture(scope="module")
def arrived() -> Iterator[Newcomer]:
    with newcomer() as made:
        yield made


@pytest.mark.parametrize("readme", READMES)
def test_the_pasted_file_is_the_one_of_the_readme(arrived: Newcomer, readme: str) -> None:
    """Only the address differs, so that what is read there is what runs here."""
    (written,) = blocks(readme)["yaml"]
    expected = YAML(typ="safe").load(written)
    pasted = YAML(typ="safe").load(arrived.pasted.split("<<'YAML'\n")[1].removesuffix("YAML\n"))
    assert pasted["connection"]["org_url"].startswith("https://127.0.0.1:")
    expected["connection"]["org_url"] = pasted["connection"]["org_url"]
    assert pasted == expected


@pytest.mark.timeout(300)
def test_every_command_of_the_section_works(arrived: Newcomer) -> None:
    """Nobody had followed it to its end: it stopped at an org that the reader did not have."""
    first, commands = arrived.script("README.md")
    *before, last = commands
    assert last.startswith("make dev")
    done = arrived.run("\n".join([first, *before]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "acme: ok" in done.stdout
    assert "acme: version 1, new" in done.stdout
    assert re.search(r"acme: done \(first\): \d+ pulled, (\d+) created", done.stdout)
    assert re.search(r"^0015i\w{13}  ", done.stdout, re.MULTILINE)
    assert [one.split("#")[0].split() for one in arrived.script("README.ja.md")[1]] == [
        one.split("#")[0].split() for one in commands
    ]


@pytest.mark.timeout(300)
def test_make_dev_signs_in_once_and_stops(arrived: Newcomer) -> None:
    """The link is for a person at this machine: it works once, and no file has it."""
    first, commands = arrived.script("README.md")
    (arrived.folder / "dev.sh").write_text(f"{first}\nexec {commands[-1].split('#')[0]}\n")
    with on_terminal(["bash", "dev.sh"], arrived.folder, arrived.environment) as shown:
        shown.wait_for(lambda text: "sign-in WORKSPACE" in text)
        link = link_of(shown)
        assert urlsplit(link).hostname == "127.0.0.1"
        entered = requests.get(link, timeout=20, allow_redirects=False)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert "flyle" in entered.headers["set-cookie"]
        again = requests.get(link, timeout=20, allow_redirects=False)
        assert again.status_code == 403
        started = time.monotonic()
        shown.press(INTERRUPT)
        # make ends by the same signal, after its command has stopped.
        assert shown.end() in (0, 130, -signal.SIGINT), shown.text
        assert time.monotonic() - started < STOP_S_MAX
    assert "Traceback" not in shown.text
    assert "Nothing that is stored is lost" in shown.text
    token = link.partition("token=")[2].encode()
    holding = [
        file
        for file in arrived.folder.rglob("*")
        if file.is_file() and not file.is_symlink() and token in file.read_bytes()
    ]
    assert holding == []


def link_of(shown: Terminal) -> str:
    """The printed link, which is longer than a line of the terminal."""
    text = "".join(line.ljust(shown.screen.columns) for line in shown.text.splitlines())
    return text[text.index("http", text.index("acme  http")) :].split()[0]
