"""What an installation leaves on disk is its owner's alone, whatever the umask.

Another user of the machine could read customers' records: the lake, the logs and Dagster's files
had whatever modes the umask left.
"""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import open_installation
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.cli.site import make_org
from flyle_sf_assets_tests.flows.tenants import settings_of
from flyle_sf_assets_tests.lake.frames import frame

MAPPING = ["{from: Industry, to: industry, label: 業種}"]


def open_to_others(folder: Path) -> list[str]:
    """Everything in a folder, itself included, on which anybody but the owner has any right."""
    found = []
    for path in (folder, *folder.rglob("*")):
        told = path.lstat()
        # A socket's own mode says nothing on some systems; its folder is closed.
        if not stat.S_ISLNK(told.st_mode) and stat.S_IMODE(told.st_mode) & 0o077:
            found.append(f"{stat.filemode(told.st_mode)} {path.relative_to(folder)}")
    return found


@pytest.mark.parametrize("umask", ["000", "022"])
def test_a_sync_and_a_dagster_run_leave_nothing_open(
    tmp_path: Path, server: SandboxServer, umask: str
) -> None:
    """All files of both, made by polars, PostgreSQL, Dagster, its logs and ourselves."""
    org = make_org(samples.account_org)
    server.add(org)
    home, config = tmp_path / "deep" / "home", tmp_path / "config"
    (config / "tenants").mkdir(parents=True)
    text = settings_of("acme", "{object: Account}", MAPPING)
    text = text.replace("https://sandbox.invalid", server.url)
    (config / "tenants" / "acme.yaml").write_text(text, encoding="utf-8")
    environment = {
        **os.environ,
        "FLYLE_HOME": str(home),
        "FLYLE_CONFIG_DIR": str(config),
        "FLYLE_SF_CA_FILE": server.ca_file,
        "FLYLE_SF_EXTRA_HOSTS": server.url.removeprefix("https://"),
        "ACME_SF_KEY": org.consumer_key,
        "ACME_SF_SECRET": org.consumer_secret,
    }
    for name in ("FLYLE_DATABASE_URL", "FLYLE_DAGSTER_DATABASE_URL", "FLYLE_LAKE_URL"):
        environment.pop(name, None)
    script = Path(__file__).with_name("dagster_run.py")
    subprocess.run(
        [sys.executable, script],
        env=environment,
        umask=int(umask, 8),
        check=True,
        timeout=110,
    )
    assert len(list((home / "lake").rglob("*.parquet"))) >= 2
    assert list((home / "dagster").rglob("*.err")), "no compute log was written"
    assert (home / "postgres" / "server.log").exists()
    assert open_to_others(home) == []


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_lake_anywhere_is_closed_to_others(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        lake = Lake(str(tmp_path / "disk" / "lake"))
        lake.write("acme", "related/User", 1, frame(a="1"))
        lake.write("acme", "accounts", 1, frame(a="1").lazy())
    finally:
        os.umask(before)
    assert open_to_others(tmp_path / "disk") == []


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    """An installation that exists already, with a lake on another disk."""
    home, lake = tmp_path / "home", tmp_path / "lake"
    before_us = os.umask(0o022)
    for folder in (home / "dagster" / "storage" / "run", lake / "acme" / "accounts"):
        folder.mkdir(parents=True, mode=0o755)
        (folder / "file").write_text("rows")
        (folder / "file").chmod(0o644)
    os.umask(before_us)
    (home / "dagster" / "link").symlink_to("/etc/hostname")
    before = Path("/etc/hostname").stat().st_mode
    for folder in (home, lake, tmp_path):
        folder.chmod(0o755)
    environment = Environment.from_environment(
        {"FLYLE_HOME": str(home), "FLYLE_LAKE_URL": str(lake), "PATH": os.environ["PATH"]}
    )
    with open_installation(environment):
        assert open_to_others(home) == []
        assert open_to_others(lake) == []
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert Path("/etc/hostname").stat().st_mode == before
