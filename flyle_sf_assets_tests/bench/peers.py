"""What the same records cost the connectors of the field, beside a sync of ours, in one run.

Run by ``make bench-peers``. Each is a process of its own against the same org, one after the other,
and counts from its start: CPU of it and of the processes that it waits for, the clock, the peak
memory of its largest process, the API calls that the org counted. Whoever delivers other records
than the org has is marked, and the command fails. ``docs/performance.md`` keeps the figures.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench import peer_environments as environments
from flyle_sf_assets_tests.bench.peer_environments import Reach
from flyle_sf_assets_tests.bench.peer_programs import measured
from flyle_sf_assets_tests.bench.refresh_cost import ROWS, settled_postgres_cpu_s
from flyle_sf_assets_tests.bench.refresh_site import Load, installed, opportunities_load
from flyle_sf_assets_tests.postgres import admin

HEAD = (
    "| | CPU s | PostgreSQL CPU s | wall s | API calls | peak MiB | records | load |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)
COMPANIES = "SELECT count(*) FROM flyle.companies WHERE tenant_id = 'bench' AND status = 'linked'"


@dataclass(frozen=True)
class Cost:
    """What one process cost, and the records that it delivered, by object."""

    what: str
    cpu_s: float
    postgres_cpu_s: float
    wall_s: float
    api_calls: int
    peak_mib: int
    exit_code: int
    records: Mapping[str, int]
    expected: Mapping[str, int]
    load: float

    @property
    def is_complete(self) -> bool:
        """Whether it ended well and delivered what the org has."""
        return self.exit_code == 0 and dict(self.records) == dict(self.expected)

    def line(self) -> str:
        """The table's row."""
        records = f"{sum(self.records.values()):,}"
        if not self.is_complete:
            records = f"FAILED (exit {self.exit_code}): {dict(self.records)}"
        return (
            f"| {self.what} | {self.cpu_s:.1f} | {self.postgres_cpu_s:.1f} | {self.wall_s:.1f} |"
            f" {self.api_calls} | {self.peak_mib} | {records} | {self.load:.1f} |"
        )


@dataclass(frozen=True)
class Bench:
    """The org, our installation, and the folder in which everything is done."""

    load: Load
    installation: Installation
    pipe: Connection
    reach: Reach
    folder: Path
    environments: Path

    @property
    def columns(self) -> str:
        """The columns by object, as an argument."""
        return json.dumps(self.load.columns)

    @property
    def of_org(self) -> dict[str, int]:
        """Records by object, as the org has them."""
        return {"Account": self.load.accounts, "Opportunity": self.load.opportunities}

    def api_calls(self) -> int:
        """All that the org has counted until now."""
        self.pipe.send(0)
        return int(self.pipe.recv())


def main() -> int:
    """Prints the table; 1 when somebody did not deliver what the org has."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    arguments.add_argument("--environments", type=Path, default=_cache() / "flyle-bench-peers")
    given = arguments.parse_args()
    logs.configure(level="ERROR")
    load = replace(opportunities_load(given.rows), shows_only_columns=True)
    with _bench(load, given.environments) as bench:
        _say(
            f"{load.accounts:,} accounts, {load.opportunities:,} opportunities; {os.cpu_count()}"
            f" cores, Python {platform.python_version()}, {_versions()}\n{HEAD}"
        )
        costs = [cost for name in given.only for cost in RUNS[name](bench)]
    return 0 if all(cost.is_complete for cost in costs) else 1


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _versions() -> str:
    pins = [pin for pins in environments.PINNED.values() for pin in pins]
    return ", ".join((f"dagster=={metadata.version('dagster')}", *pins))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


@contextmanager
def _bench(load: Load, kept: Path) -> Iterator[Bench]:
    with installed(load) as (installation, pipe), tempfile.TemporaryDirectory() as folder:
        environment = installation.environment
        reach = Reach(
            f"https://{environment.sf_extra_hosts[0]}",
            str(environment.sf_ca_file),
            os.environ["BENCH_SF_KEY"],
            os.environ["BENCH_SF_SECRET"],
            os.environ["BENCH_SF_REFRESH_TOKEN"],
        )
        yield Bench(load, installation, pipe, reach, Path(folder), kept)


# One process ----------------------------------------------------------------------------------


def _run(
    bench: Bench,
    what: str,
    command: list[str],
    variables: Mapping[str, str],
    counted: Callable[[Path], Mapping[str, int]],
    expected: Mapping[str, int],
) -> Cost:
    """Runs and measures; ``counted`` gets the file with what the command wrote to stdout."""
    output, cost = bench.folder / "output", bench.folder / "cost.json"
    home = bench.installation.environment.home
    before, postgres = bench.api_calls(), settled_postgres_cpu_s(home)
    measuring = [sys.executable, "-I", "-S", measured.__file__, str(cost), str(output)]
    subprocess.run([*measuring, *command], env=dict(variables), cwd=bench.folder, check=True)
    load = os.getloadavg()[0]
    found = json.loads(cost.read_text())
    postgres = settled_postgres_cpu_s(home) - postgres
    calls = bench.api_calls() - before
    records = counted(output) if found["exit_code"] == 0 else {}
    if found["exit_code"]:
        for said in (output, Path(f"{output}.errors")):
            sys.stderr.write(said.read_text(errors="replace")[-4000:])
    made = Cost(
        what=what,
        postgres_cpu_s=postgres,
        api_calls=calls,
        records=records,
        expected=expected,
        load=load,
        **found,
    )
    _say(made.line())
    return made


def _prepared(command: list[str], variables: Mapping[str, str]) -> bytes:
    """What a command that is not measured writes."""
    return subprocess.run(
        command, env=dict(variables), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout


# Each of them ---------------------------------------------------------------------------------


def _ours(bench: Bench) -> Iterator[Cost]:
    """The full sync, and the same command when nothing is new: mostly the start of a process."""
    command = [sys.executable, "-m", "flyle_sf_assets.cli", "sync", "bench", "--json"]
    variables = {**os.environ, **bench.installation.child_environment()}
    expected = {"companies": bench.load.rows}
    for what in ("flyle-sf sync", "flyle-sf sync, nothing new"):
        yield _run(bench, what, command, variables, partial(_companies, bench), expected)


def _companies(bench: Bench, _output: Path) -> dict[str, int]:
    with admin(bench.installation.database_url) as connection:
        row = connection.execute(COMPANIES).fetchone()
    return {"companies": int(str(row[0])) if row else 0}


def _downloaded(bench: Bench) -> Iterator[Cost]:
    """simple-salesforce alone: CSV files, the lower bound of reading."""
    python = environments.made_environment("dlt", bench.environments)
    folder = bench.folder / "csv"
    folder.mkdir()
    given = (bench.reach.url, bench.reach.ca_file, bench.columns, str(folder))
    yield _run(
        bench,
        "simple-salesforce, Bulk 2.0 download",
        environments.program(python, "bulk_download", *given),
        environments.peer_variables(bench.reach, _home(bench, "download")),
        lambda _: _lines_of_csv(folder, bench.load),
        bench.of_org,
    )
    shutil.rmtree(folder)


def _lines_of_csv(folder: Path, load: Load) -> dict[str, int]:
    """Rows by object; the sandbox's values have no line breaks."""
    return {
        name: sum(
            len(file.read_bytes().splitlines()) - 1
            for file in folder.iterdir()
            if file.read_bytes().splitlines()[0].count(b",") == columns.count(",")
        )
        for name, columns in load.columns.items()
    }


def _dlt(bench: Bench, *, destination: str) -> Iterator[Cost]:
    python = environments.made_environment("dlt", bench.environments)
    home = _home(bench, f"dlt-{destination}")
    variables = environments.peer_variables(bench.reach, home) | _of_destination(
        bench, destination, home
    )
    given = (bench.reach.url, bench.reach.ca_file, bench.columns)
    count = environments.program(python, "dlt_pipeline", "count", bench.columns)
    yield _run(
        bench,
        f"dlt into {destination}",
        environments.program(python, "dlt_pipeline", "load", *given),
        variables,
        lambda _: json.loads(_prepared(count, variables)),
        bench.of_org,
    )
    shutil.rmtree(home)


def _of_destination(bench: Bench, destination: str, home: Path) -> dict[str, str]:
    if destination == "duckdb":
        place = f"duckdb:///{home}/peers.duckdb"
    else:
        with admin(bench.installation.database_url) as connection:
            connection.execute("CREATE DATABASE peers OWNER flyle")
            socket = connection.info.host
        place = f"postgresql://flyle:peers@localhost:5432/peers?host={socket}"
    return {
        "BENCH_DLT_DESTINATION": destination,
        f"DESTINATION__{destination.upper()}__CREDENTIALS": place,
    }


def _tap(bench: Bench) -> Iterator[Cost]:
    """The sync; ``--discover``, which describes every object of the org, is not measured."""
    python = environments.made_environment("tap-salesforce", bench.environments)
    home = _home(bench, "tap")
    variables = environments.peer_variables(bench.reach, home)
    settings, catalog = home / "config.json", home / "catalog.json"
    settings.write_text(json.dumps(environments.tap_settings(bench.reach)))
    tap = partial(environments.connector, python, "tap-salesforce", bench.reach)
    found = json.loads(_prepared(tap("--config", str(settings), "--discover"), variables))
    catalog.write_text(json.dumps(environments.selected_of_singer(found, bench.load.columns)))
    command = tap("--config", str(settings), "--properties", str(catalog))
    yield _run(bench, "tap-salesforce", command, variables, _messages, bench.of_org)


def _airbyte(bench: Bench) -> Iterator[Cost]:
    """``read``; ``discover``, which describes every object of the org, is not measured."""
    python = environments.made_environment("airbyte", bench.environments)
    home = _home(bench, "airbyte")
    variables = environments.peer_variables(bench.reach, home)
    settings, catalog = home / "config.json", home / "catalog.json"
    settings.write_text(json.dumps(environments.airbyte_settings(bench.reach)))
    source = partial(environments.connector, python, "source-salesforce", bench.reach)
    found = _prepared(source("discover", "--config", str(settings)), variables).splitlines()
    catalog.write_text(json.dumps(environments.configured_of_airbyte(found, bench.load.columns)))
    command = source("read", "--config", str(settings), "--catalog", str(catalog))
    yield _run(bench, "airbyte-source-salesforce", command, variables, _messages, bench.of_org)


def _messages(output: Path) -> dict[str, int]:
    with output.open("rb") as messages:
        return environments.counted_records(messages)


def _home(bench: Bench, name: str) -> Path:
    home = bench.folder / name
    home.mkdir()
    return home


RUNS: dict[str, Callable[[Bench], Iterator[Cost]]] = {
    "ours": _ours,
    "download": _downloaded,
    "dlt-duckdb": partial(_dlt, destination="duckdb"),
    "dlt-postgres": partial(_dlt, destination="postgres"),
    "tap-salesforce": _tap,
    "airbyte": _airbyte,
}


if __name__ == "__main__":
    raise SystemExit(main())
