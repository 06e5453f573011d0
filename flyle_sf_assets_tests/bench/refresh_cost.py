"""Work follows the change: the CPU of a refresh after 1 % changed, against that of the full sync.

And the rows: a first load of four times as many costs PostgreSQL about four times as much.
Run by ``make bench``. The org is a process of its own; what is counted is this process and the
PostgreSQL server, beyond process start (imports, the server's start, migrations). Figures are
compared within one run, because machines are noisy; ``docs/performance.md`` keeps them.
"""

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets.tenants.registration import register_files
from flyle_sf_assets_tests.flows.run_steps import run_all

SHARE_CHANGED = 0.01
RATIO_MAX = 0.1
POSTGRES_S_MAX = 8.0
"""CPU of PostgreSQL for the first sync of `ROWS` accounts."""

ROWS = 200_000
GROWTH_MAX = 5.0
"""CPU of PostgreSQL for the first sync of four times the rows: a quarter on top is for indexes."""

SETTLED_S = 0.2
SETTINGS = """
tenant: bench
display_name: bench
plan: enterprise
connection:
  org_url: {url}
  flow: client_credentials
  consumer_key: {{env: BENCH_SF_KEY}}
  consumer_secret: {{env: BENCH_SF_SECRET}}
source:
  object: Account
mapping:
  - {{from: AnnualRevenue, to: revenue, label: 売上}}
  - {{from: NumberOfEmployees, to: employees, label: 従業員規模}}
  - {{from: Industry, to: industry, label: 業種}}
  - {{from: Type, to: type, label: 種別}}
  - {{from: Website, to: website, label: Web}}
  - {{from: Phone, to: phone, label: 電話}}
  - {{from: Founded_On__c, to: founded_on, label: 設立}}
  - {{from: Owner.Name, to: owner, label: 担当}}
"""


@dataclass(frozen=True)
class Spent:
    """CPU and wall-clock seconds of one step, and the API calls that it made."""

    what: str
    cpu_s: float
    postgres_cpu_s: float
    wall_s: float
    api_calls: int


def serve_org(pipe: Connection, rows: int) -> None:
    """The org's own process: a big org, and changes on request."""
    org = samples.big_org("bench", accounts=rows, opportunities=0, org_number=9)
    with SandboxServer([org]) as server:
        pipe.send((server.url, server.ca_file, org.consumer_key, org.consumer_secret))
        while (changed := pipe.recv()) is not None:
            step = max(1, rows // changed) if changed else 1
            for number, record in enumerate(org.ids("Account")[::step][:changed]):
                org.update("Account", record, {"NumberOfEmployees": 100_000 + number})
            time.sleep(1.1)
            pipe.send(org.usage.total)


@contextmanager
def running_org(rows: int) -> Iterator[tuple[Connection, tuple[str, str, str, str]]]:
    """The org's process; yields the pipe to it and how to reach it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=serve_org, args=(theirs, rows), daemon=True)
    child.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(None)
        child.join(10)


def postgres_cpu_s(home: Path) -> float:
    """User and system seconds of every process that works on the installation's cluster."""
    ticks = os.sysconf("SC_CLK_TCK")
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    postmaster = int(pid_file.read_text().split("\n", 1)[0])
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == postmaster or stat.parent.name == str(postmaster):
            # Ended backends count in the postmaster's children's times.
            total += sum(int(fields[place]) for place in (11, 12, 13, 14))
    return total / ticks


def settled_postgres_cpu_s(home: Path) -> float:
    """The same once it stands still: a backend that ends is counted nowhere for a moment."""
    before = postgres_cpu_s(home)
    while True:
        time.sleep(SETTLED_S)
        now = postgres_cpu_s(home)
        if now == before:
            return now
        before = now


def measured(
    what: str, installation: Installation, action: str, kind: RefreshKind = "refresh"
) -> Spent:
    """Runs one refresh (or idle check) and says what it cost."""
    home = installation.environment.home
    postgres = settled_postgres_cpu_s(home)
    cpu, wall = time.process_time(), time.perf_counter()
    if action == "idle":
        calls = check_idle(installation, "bench").api_calls
    else:
        with open_refresh(installation, "bench", kind=kind) as refresh:
            run_all(refresh)
            calls = refresh.org.api_calls
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    installation.database.dispose()
    postgres = settled_postgres_cpu_s(home) - postgres
    return Spent(what, round(cpu, 2), round(postgres, 2), round(wall, 2), calls)


@contextmanager
def installed(rows: int) -> Iterator[tuple[Installation, Connection]]:
    """A new installation with one tenant whose org has that many accounts; the pipe to it."""
    with tempfile.TemporaryDirectory() as folder, running_org(rows) as (pipe, reached):
        url, ca_file, key, secret = reached
        home = Path(folder)
        (home / "config" / "tenants").mkdir(parents=True)
        (home / "config" / "tenants" / "bench.yaml").write_text(SETTINGS.format(url=url))
        os.environ |= {"BENCH_SF_KEY": key, "BENCH_SF_SECRET": secret}
        environment = Environment.from_environment(
            {
                "FLYLE_HOME": str(home),
                "FLYLE_CONFIG_DIR": str(home / "config"),
                "FLYLE_SF_CA_FILE": ca_file,
                "FLYLE_SF_EXTRA_HOSTS": url.removeprefix("https://"),
            }
        )
        with open_installation(environment) as installation:
            register_files(installation)
            yield installation, pipe


def main() -> int:
    """Measures, prints a table and the machine, and fails when work does not follow the change."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    rows = arguments.parse_args().rows
    logs.configure(level="ERROR")
    with installed(rows // 4) as (installation, _):
        quarter = measured("full sync of a quarter", installation, "sync")
    with installed(rows) as (installation, pipe):
        spent = [measured("full sync", installation, "sync")]
        pipe.send(0)
        pipe.recv()
        spent.append(measured("idle check", installation, "idle"))
        pipe.send(int(rows * SHARE_CHANGED))
        pipe.recv()
        spent.append(measured("1 % changed", installation, "sync"))
        spent.append(measured("census", installation, "sync", "census"))
    return _print(rows, quarter, spent)


def _print(rows: int, quarter: Spent, spent: list[Spent]) -> int:
    full, changed = spent[0], spent[2]
    ratio = (changed.cpu_s + changed.postgres_cpu_s) / (full.cpu_s + full.postgres_cpu_s)
    growth = full.postgres_cpu_s / max(quarter.postgres_cpu_s, 0.01)
    postgres_max = POSTGRES_S_MAX * rows / ROWS
    print(f"{rows:,} accounts; {os.cpu_count()} cores, Python {platform.python_version()}")  # noqa: T201
    print("| step | CPU s | PostgreSQL CPU s | wall s | API calls |\n|---|---:|---:|---:|---:|")  # noqa: T201
    for one in [quarter, *spent]:
        print(  # noqa: T201
            f"| {one.what} | {one.cpu_s} | {one.postgres_cpu_s} | {one.wall_s} | {one.api_calls} |"
        )
    figures = {
        "ratio": round(ratio, 4),
        "ratio_max": RATIO_MAX,
        "postgres_cpu_s": full.postgres_cpu_s,
        "postgres_cpu_s_max": round(postgres_max, 2),
        "postgres_growth": round(growth, 2),
        "postgres_growth_max": GROWTH_MAX,
    }
    print(json.dumps(figures))  # noqa: T201
    is_kept = ratio <= RATIO_MAX and full.postgres_cpu_s <= postgres_max and growth <= GROWTH_MAX
    return 0 if is_kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
