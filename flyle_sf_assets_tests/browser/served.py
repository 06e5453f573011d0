"""``flyle-sf dev`` over two tenants, as a person starts it; their first syncs come by themselves.

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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.processes import one_starts_at_a_time

ROOT = Path(__file__).parents[2]
DEMO_SETTINGS = ROOT / "config" / "demo" / "tenants"
BASE_OBJECTS = {"acme": "Account", "globex": "Opportunity"}
LOG = "dev.log"
START_TIMEOUT_S = 120.0
FIRST_SYNCS_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Served:
    """A running Dagster UI, and what stands behind it."""

    url: str
    orgs: Mapping[str, Org]
    home: Path
    environment: Mapping[str, str]

    def in_org(self, tenant: str) -> dict[str, str]:
        """Names by id of what the tenant's org has of its base object, conditions aside."""
        records = self.orgs[tenant].records(BASE_OBJECTS[tenant])
        return {str(record["Id"]): str(record["Name"]) for record in records}

    def await_first_syncs(self) -> None:
        """Waits until the daemon has linked every tenant by itself."""
        deadline = time.monotonic() + FIRST_SYNCS_TIMEOUT_S
        while time.monotonic() < deadline:
            if set(self.states()) == set(self.orgs) and set(self.states().values()) == {"linked"}:
                return
            time.sleep(1)
        raise AssertionError(f"not linked in time: {self.states()}\n{_tail(self.home / LOG)}")

    def states(self) -> dict[str, str]:
        """The state of each tenant's link."""
        return dict(self._rows("SELECT tenant_id, state FROM flyle.links"))

    def change_settings(self, tenant: str, *changes: tuple[str, str]) -> None:
        """A person edits the tenant's file."""
        file = self.home / "config" / "tenants" / f"{tenant}.yaml"
        text = file.read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Runs ``flyle-sf`` in the same installation and returns what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "flyle_sf_assets.cli", *arguments],
            cwd=ROOT,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=START_TIMEOUT_S,
        ).stdout

    def companies(self) -> dict[str, dict[str, str]]:
        """Names by external id by tenant: all that PostgreSQL holds, no matter who may see it."""
        found: dict[str, dict[str, str]] = {}
        rows = self._rows("SELECT tenant_id, external_id, name FROM flyle.companies")
        for tenant, external_id, name in rows:
            found.setdefault(str(tenant), {})[str(external_id)] = str(name)
        return found

    def let_fail(self) -> None:
        """As if the syncs of all tenants had failed for a reason that only a person can mend."""
        assert self._rows("UPDATE flyle.links SET state = 'failing' RETURNING tenant_id")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with EmbeddedPostgres(self.home) as urls, admin(urls.product) as connection:
            return connection.execute(sql.encode()).fetchall()


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
            "FLYLE_UI_SAMPLES": "1",
            "FLYLE_CONFIG_DIR": str(home / "config"),
            "FLYLE_SF_CA_FILE": server.ca_file,
            "FLYLE_SF_EXTRA_HOSTS": server.url.removeprefix("https://"),
        }
        for tenant, org in orgs.items():
            environment[f"{tenant.upper()}_SF_KEY"] = org.consumer_key
            environment[f"{tenant.upper()}_SF_SECRET"] = org.consumer_secret
        environment |= more
        before(environment, orgs)
        with _command("dev", environment, home / LOG) as url:
            yield Served(url, orgs, home, environment)


def _write_settings(folder: Path, org_url: str) -> None:
    folder.mkdir(parents=True)
    for source in DEMO_SETTINGS.glob("*.yaml"):
        text = source.read_text(encoding="utf-8")
        moved = re.sub(r"org_url: .*", f"org_url: {org_url}", text)
        (folder / source.name).write_text(moved, encoding="utf-8")


@contextmanager
def _command(word: str, environment: dict[str, str], log: Path) -> Iterator[str]:
    with ExitStack() as start:
        start.enter_context(one_starts_at_a_time())
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
            start.close()
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
