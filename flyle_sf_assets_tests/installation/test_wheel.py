"""The built wheel, installed into an environment of its own and used from another folder.

The dependencies are those of the environment that runs the tests; nothing is fetched.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import flyle_sf_assets

ROOT = Path(__file__).parents[2]
PACKAGE = "flyle_sf_assets"
SHIPPED = (
    "workspace.yaml",
    "config/dagster.yaml",
    "config/deploy/celery/dagster.yaml",
    "config/demo/tenants",
)
"""What a checkout has outside the package and the commands read."""

RUN_S_MAX = 240.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def run(wheel: Path) -> Iterator[Run]:
    """Runs the installed ``flyle-sf`` in a folder that is no checkout, with an empty home."""
    # Not below pytest's own directory: another account could not pass through to it as root.
    with tempfile.TemporaryDirectory(prefix="flyle-wheel-") as folder:
        base = Path(folder)
        base.chmod(0o755)
        _install(wheel, base / "venv")
        (base / "home").mkdir()
        elsewhere = base / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "config" / "tenants").mkdir(parents=True)
        settings = (ROOT / "config" / "demo" / "tenants" / "acme.yaml").read_text(encoding="utf-8")
        (elsewhere / "config" / "tenants" / "acme.yaml").write_text(
            settings.replace("sandbox.invalid", "acme.my.salesforce.com"), encoding="utf-8"
        )
        (elsewhere / "dagster.py").write_text("raise SystemExit('the user’s own file was run')\n")

        def run_in_folder(*arguments: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [base / "venv" / "bin" / "flyle-sf", *arguments],
                cwd=elsewhere,
                env={"PATH": os.environ["PATH"], "HOME": str(base / "home"), "LANG": "C.UTF-8"},
                capture_output=True,
                check=False,
                text=True,
                timeout=RUN_S_MAX,
            )

        yield run_in_folder


def _install(wheel: Path, folder: Path) -> None:
    """Like ``pip install`` into an empty environment that has the dependencies already.

    A path in a ``.pth`` file is only a path: the ``.pth`` files there, by which this checkout is
    installed where the tests run, are not read.
    """
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--quiet"]
    quietly = ["--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*pip, "install", *quietly, wheel], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(dependencies)))


def test_the_wheel_has_every_file_of_the_package_and_what_the_commands_read(wheel: Path) -> None:
    """It lacked Dagster's settings, the workspace and the demo: FileNotFoundError for each."""
    in_wheel = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.startswith(f"{PACKAGE}-"):
                in_wheel[name] = archive.read(name)
    in_checkout = {
        name if name.startswith(f"{PACKAGE}/") else f"{PACKAGE}/shipped/{name}": ROOT / name
        for name in _versioned(PACKAGE, *SHIPPED)
    }
    assert sorted(in_wheel) == sorted(in_checkout)
    differing = [name for name, file in in_checkout.items() if file.read_bytes() != in_wheel[name]]
    assert differing == []


def _versioned(*places: str) -> list[str]:
    """Files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *places],  # noqa: S607 - git from PATH
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [name for name in listed.split("\0") if (ROOT / name).is_file()]


def test_the_version_is_that_of_the_wheel(wheel: Path, run: Run) -> None:
    told = run("--version")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"flyle-sf {flyle_sf_assets.__version__}\n"
    assert wheel.name.split("-")[1] == flyle_sf_assets.__version__


def test_help_needs_no_checkout(run: Run) -> None:
    told = run("--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "demo" in told.stdout


@pytest.mark.timeout(RUN_S_MAX)
def test_apply_works_in_any_folder(run: Run) -> None:
    """It copies Dagster's settings, and makes the tables by the migrations."""
    applied = run("apply", "--json")
    assert (applied.returncode, applied.stderr) == (0, "")
    [tenant] = json.loads(applied.stdout)["tenants"]
    assert (tenant["tenant"], tenant["version"]) == ("acme", 1)


@pytest.mark.timeout(RUN_S_MAX)
def test_the_demo_works_in_any_folder(run: Run) -> None:
    """Also where a file of the user is named like a module of Dagster's."""
    shown = run("demo", "--once")
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stdout
    assert shown.stdout.endswith("\nok\n")
