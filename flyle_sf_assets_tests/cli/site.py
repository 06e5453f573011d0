"""An installation that the real command works on: ``flyle-sf`` with an environment of its own.

`Site.run` runs it in the test's process, `Site.start` as a process of its own: for signals, rights,
disks, and whatever happens while it runs.

What does not belong here: tenants without a command line (``flows/tenants.py``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.cli import in_process
from flyle_sf_assets_tests.flows import tenants
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, demo_settings, org_clock
from flyle_sf_assets_tests.postgres import admin, fresh_database_url

TIMEOUT_S = 110
ROOT = Path(__file__).parents[2]


def make_org(sample: Callable[..., Org] = samples.account_org, **size: int) -> Org:
    """`tenants.make_org` at a moment near this machine's: processes hold their clock against it.

    There is room for two hours that a test lets pass.
    """
    org = tenants.make_org(sample, **size)
    clock = org_clock(org)
    clock.move_to(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=100))
    return org


@dataclass(frozen=True)
class Answer:
    """What a command said: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object that is all of stdout."""
        decoded = json.loads(self.out)
        assert isinstance(decoded, dict)
        return decoded


@dataclass
class Site:
    """A home, settings files, two databases, and the sandbox among the hosts allowed."""

    home: Path
    server: SandboxServer
    database_url: str
    dagster_url: str
    secrets: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def tenants(self) -> Path:
        """The folder of the settings files."""
        return self.home / "config" / "tenants"

    def link(self, name: str, org: Org, *changes: tuple[str, str]) -> None:
        """Writes the settings file of a tenant of that org, with ``changes`` of its text."""
        if all(hosted is not org for hosted in self.server.orgs):
            self.server.add(org)
        settings = demo_settings("acme").replace("tenant: acme", f"tenant: {name}")
        settings = settings.replace("ACME_SF", f"{name.upper()}_SF")
        for old, new in changes:
            assert old in settings
            settings = settings.replace(old, new)
        self.write(name, settings)
        self.secrets[f"{name.upper()}_SF_KEY"] = org.consumer_key
        self.secrets[f"{name.upper()}_SF_SECRET"] = org.consumer_secret

    def write(self, name: str, settings: str) -> None:
        """Writes a settings file."""
        self.tenants.mkdir(parents=True, exist_ok=True)
        text = settings.replace(PLACEHOLDER, self.server.url)
        (self.tenants / f"{name}.yaml").write_text(text, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        """What the command finds in its environment, and nothing else."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "FLYLE_HOME": str(self.home),
            "FLYLE_CONFIG_DIR": str(self.home / "config"),
            "FLYLE_DATABASE_URL": self.database_url,
            "FLYLE_DAGSTER_DATABASE_URL": self.dagster_url,
            "FLYLE_SF_CA_FILE": self.server.ca_file,
            "FLYLE_SF_EXTRA_HOSTS": self.server.url.removeprefix("https://"),
            **self.secrets,
            **more,
        }

    def start(
        self, *arguments: str, before: Sequence[str] = (), **environment: str
    ) -> "subprocess.Popen[str]":
        """Starts ``flyle-sf`` with these arguments, by the command ``before`` if there is one."""
        return subprocess.Popen(
            [*before, sys.executable, "-m", "flyle_sf_assets.cli", *arguments],
            cwd=self.home,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def answer_of(self, process: "subprocess.Popen[str]") -> Answer:
        """What a started command said in the end."""
        try:
            out, err = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
        self.told += [out, err]
        return Answer(process.returncode, out, err)

    def run_process(self, *arguments: str, **environment: str) -> Answer:
        """Runs ``flyle-sf`` to its end as a process of its own."""
        return self.answer_of(self.start(*arguments, **environment))

    def run(
        self, *arguments: str, person: in_process.Person | None = None, **environment: str
    ) -> Answer:
        """Runs ``flyle-sf`` to its end in this process, while ``person`` does something."""
        said = in_process.run(arguments, self.home, self.environment(**environment), person)
        answer = Answer(*said)
        self.told += [answer.out, answer.err]
        return answer

    @contextmanager
    def one_process(self, *before: str) -> Iterator[Callable[..., Answer]]:
        """One process, started by the command ``before``, that runs the given command lines."""
        with subprocess.Popen(
            [*before, sys.executable, "-m", in_process.__name__],
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            asked, answers = process.stdin, process.stdout

            def run(*arguments: str) -> Answer:
                asked.write(json.dumps([arguments, "/", self.environment()]) + "\n")
                asked.flush()
                return Answer(*json.loads(answers.readline()))

            try:
                yield run
            finally:
                process.kill()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the product's database."""
        with admin(self.database_url) as connection:
            return connection.execute(sql.encode()).fetchall()

    def change(self, sql: str) -> None:
        """Changes the product's database behind its back."""
        with admin(self.database_url) as connection:
            connection.execute(sql.encode())

    @staticmethod
    def texts_of(url: str, schema: str) -> list[str]:
        """Every row of every table of a schema, as text."""
        with admin(url.replace("+psycopg2:", "+psycopg:")) as connection:
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]
            ).fetchall()
            read = sql.SQL("SELECT t::text FROM {} t")
            tables = [sql.Identifier(schema, str(table)) for (table,) in found]
            return [str(row) for one in tables for row in connection.execute(read.format(one))]


@contextmanager
def site(home: Path, server: SandboxServer) -> Iterator[Site]:
    """A site of its own on the session's PostgreSQL."""
    with fresh_database_url() as product, fresh_database_url("template1") as dagster:
        # As people write them: the product picks the driver of each.
        written = [url.replace("postgresql+psycopg:", "postgres:") for url in (product, dagster)]
        yield Site(home, server, database_url=written[0], dagster_url=written[1])
