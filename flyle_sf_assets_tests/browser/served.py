"""``flyle-sf dev`` over two linked tenants that have never been synced, as a person starts it.

The orgs are sandbox orgs behind TLS in this process; the command, the embedded PostgreSQL and
Dagster are processes of their own, in an installation among the temporary files.

What does not belong here: what a person then does (``dagster_pages.py``).
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.embedded import EmbeddedPostgres
from flyle_sf_assets_tests.postgres import admin

ROOT = Path(__file__).parents[2]
DEMO_SETTINGS = ROOT / "config" / "demo" / "tenants"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Served:
    """A running Dagster UI, and what stands behind it."""

    url: str
    orgs: Mapping[str, Org]
    home: Path

    def companies(self) -> dict[str, dict[str, str]]:
        """Names by external id by tenant: all that PostgreSQL holds, whoever may see it."""
        found: dict[str, dict[str, str]] = {}
        server = EmbeddedPostgres(self.home)
        with server as urls, admin(urls.product) as connection:
            rows = connection.execute("SELECT tenant_id, external_id, name FROM flyle.companies")
            for tenant, external_id, name in rows:
                found.setdefault(str(tenant), {})[str(external_id)] = str(name)
        return found


Before = Callable[[Mapping[str, str], Mapping[str, Org]], None]


def _nothing(_environment: Mapping[str, str], _orgs: Mapping[str, Org]) -> None:
    """The tenants have never been synced."""


@contextmanager
def dagster_over_two_tenants(before: Before = _nothing, **more: str) -> Iterator[Served]:
    """Runs ``flyle-sf dev``; ends it as Ctrl-C does, and shows that it ends cleanly.

    ``before`` is called with the command's environment before it starts; ``more`` goes into that.
    """
    orgs = {"acme": samples.account_org(), "globex": samples.opportunity_org()}
    with (
        # Not below pytest's own directory: another account could not pass through to it as root.
        tempfile.TemporaryDirectory(prefix="flyle-browser-") as folder,
        SandboxServer(list(orgs.values())) as server,
    ):
        home = Path(folder)
        _write_settings(home / "config" / "tenants", server.url)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLYLE_")},
            "FLYLE_HOME": str(home),
            "FLYLE_CONFIG_DIR": str(home / "config"),
            "FLYLE_SF_CA_FILE": server.ca_file,
            "FLYLE_SF_EXTRA_HOSTS": server.url.removeprefix("https://"),
        }
        for tenant, org in orgs.items():
            environment[f"{tenant.upper()}_SF_KEY"] = org.consumer_key
            environment[f"{tenant.upper()}_SF_SECRET"] = org.consumer_secret
        environment |= more
        before(environment, orgs)
        with _command("dev", environment, home / "dev.log") as url:
            yield Served(url, orgs, home)


def _write_settings(folder: Path, org_url: str) -> None:
    folder.mkdir(parents=True)
    for source in DEMO_SETTINGS.glob("*.yaml"):
        text = source.read_text(encoding="utf-8")
        moved = re.sub(r"org_url: .*", f"org_url: {org_url}", text)
        (folder / source.name).write_text(moved, encoding="utf-8")


@contextmanager
def _command(word: str, environment: dict[str, str], log: Path) -> Iterator[str]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flyle_sf_assets.cli", word],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = ""
    try:
        url = _url(process, log)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            ended = process.wait(STOP_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
    assert ended == 0, _tail(log)
    assert not _listens(url), f"something still listens at {url}"


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if said := re.search(r"Dagster UI: (http://[\d.:]+)", log.read_text(errors="replace")):
            return said.group(1)
        time.sleep(0.2)
    raise AssertionError(f"the Dagster UI did not come up:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _listens(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
