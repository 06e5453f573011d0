"""Work follows the change: the CPU of a refresh after 1 % changed, against that of the full sync.

And the rows: a first load of four times as many costs PostgreSQL about four times as much.
Run by ``make bench``. The org is a process of its own; what is counted is this process and the
PostgreSQL server, beyond process start (imports, the server's start, migrations). Figures are
compared within one run, because machines are noisy; ``docs/performance.md`` keeps them.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench.compared import companies_as_csv, download, plain_copy
from flyle_sf_assets_tests.bench.refresh_site import (
    Load,
    accounts_load,
    installed,
    opportunities_load,
)
from flyle_sf_assets_tests.flows.run_steps import run_all

SHARE_CHANGED = 0.01
RATIO_MAX = 0.1
POSTGRES_S_MAX = {"accounts": 8.0, "opportunities": 12.0}
"""CPU of PostgreSQL for the first sync of `ROWS` records of the base object."""

ROWS = 200_000
GROWTH_MAX = 5.0
"""CPU of PostgreSQL for the first sync of four times the rows: a quarter on top is for indexes."""

SETTLED_S = 0.2


@dataclass(frozen=True)
class Spent:
    """CPU and wall-clock seconds of one step, its API calls, and this process's peak memory."""

    what: str
    cpu_s: float
    postgres_cpu_s: float
    wall_s: float
    api_calls: int | None
    peak_mib: int
    load: float
    """The machine's load average at the end."""


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


def forget_peak() -> None:
    """Peak memory is counted from here on. Source: proc(5), ``/proc/pid/clear_refs``."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> int:
    """The largest resident memory of this process since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def measured(what: str, installation: Installation, action: Callable[[], int | None]) -> Spent:
    """Runs something that returns its API calls, and says what it cost."""
    home = installation.environment.home
    postgres = settled_postgres_cpu_s(home)
    forget_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    calls = action()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = peak_mib()
    installation.database.dispose()
    postgres = settled_postgres_cpu_s(home) - postgres
    load = round(os.getloadavg()[0], 1)
    spent = Spent(what, round(cpu, 3), round(postgres, 2), round(wall, 2), calls, peak, load)
    print(_line(spent), flush=True)  # noqa: T201
    return spent


def refreshed(installation: Installation, kind: RefreshKind = "refresh") -> int:
    """One refresh; returns its API calls."""
    with open_refresh(installation, "bench", kind=kind) as refresh:
        run_all(refresh)
        return refresh.org.api_calls


def polled(installation: Installation) -> int:
    """One idle check; returns its API calls."""
    return check_idle(installation, "bench").api_calls


LOADS: dict[str, Callable[[int], Load]] = {
    "accounts": accounts_load,
    "opportunities": opportunities_load,
}


def main() -> int:
    """Measures, prints a table and the machine, and fails when work does not follow the change."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--load", choices=LOADS, default="accounts")
    arguments.add_argument("--accounts", type=int, help="beside as many opportunities as ROWS")
    given = arguments.parse_args()
    if given.accounts is None:
        load, less = LOADS[given.load](given.rows), LOADS[given.load](given.rows // 4)
    else:
        given.load = "opportunities"
        load = opportunities_load(given.rows, given.accounts)
        less = opportunities_load(given.rows // 4, given.accounts // 4)
    logs.configure(level="ERROR")
    print(  # noqa: T201
        f"{load.accounts:,} accounts, {load.opportunities:,} opportunities; {os.cpu_count()} cores,"
        f" Python {platform.python_version()}\n"
        "| step | CPU s | PostgreSQL CPU s | wall s | API calls | peak MiB | load |\n"
        "|---|---:|---:|---:|---:|---:|---:|"
    )
    quarter = _of_a_quarter(less)
    full, changed, copy, downloaded = _of_all(load)
    _compare(full, copy, downloaded)
    return _judge(given.load, load.rows, quarter, full, changed)


def _of_a_quarter(load: Load) -> Spent:
    with installed(load) as (installation, _):
        return measured("full sync of a quarter", installation, partial(refreshed, installation))


def _of_all(load: Load) -> tuple[Spent, Spent, Spent, Spent]:
    """The full sync, the refresh of 1 % changed, and the same rows by COPY and by download."""
    with installed(load) as (installation, pipe), tempfile.TemporaryDirectory() as folder:
        full = measured("full sync", installation, partial(refreshed, installation))
        pipe.send(0)
        pipe.recv()
        for _ in range(2):  # the first one compiles statements and reads certificates
            measured("idle check", installation, partial(polled, installation))
        pipe.send(int(load.rows * SHARE_CHANGED))
        pipe.recv()
        changed = measured("1 % changed", installation, partial(refreshed, installation))
        measured("nothing new", installation, partial(refreshed, installation))
        measured("census", installation, partial(refreshed, installation, "census"))
        file = Path(folder) / "companies.csv"
        companies_as_csv(installation, file)
        environment = installation.environment
        settings = load_tenant(
            environment.config_dir / "tenants" / "bench.yaml", environment.sf_extra_hosts
        ).require()
        url = str(settings.connection.org_url)
        copied = measured("plain COPY", installation, partial(plain_copy, installation, file))
        downloaded = measured(
            "simple-salesforce bulk2", installation, partial(download, environment, url, load)
        )
        return full, changed, copied, downloaded


def _line(one: Spent) -> str:
    calls = "" if one.api_calls is None else one.api_calls
    return (
        f"| {one.what} | {one.cpu_s} | {one.postgres_cpu_s} | {one.wall_s} | {calls} |"
        f" {one.peak_mib} | {one.load} |"
    )


def _compare(full: Spent, copy: Spent, download: Spent) -> None:
    """PostgreSQL's CPU against that of a COPY, the client's against that of a download."""
    written = full.postgres_cpu_s / max(copy.postgres_cpu_s, 0.01)
    read = full.cpu_s / max(download.cpu_s, 0.01)
    print(f"full sync / {copy.what}, CPU of PostgreSQL: {written:.1f}")  # noqa: T201
    print(f"full sync / {download.what}, CPU of the client: {read:.1f}")  # noqa: T201


def _judge(name: str, rows: int, quarter: Spent, full: Spent, changed: Spent) -> int:
    ratio = (changed.cpu_s + changed.postgres_cpu_s) / (full.cpu_s + full.postgres_cpu_s)
    growth = full.postgres_cpu_s / max(quarter.postgres_cpu_s, 0.01)
    postgres_max = POSTGRES_S_MAX[name] * rows / ROWS
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
