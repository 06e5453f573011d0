"""What the same records cost the connectors of the field, beside a sync of ours, in one run.

Run by ``make bench-peers``. Each is a process of its own against the same org, one after the other,
and counts from its start: CPU of it and of the processes that it waits for, the clock, the peak
memory of its largest process, the API calls that the org counted. One that delivers other records
than the org has is marked, and the command fails. ``docs/performance.md`` keeps the figures.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path

from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench import peer_environments as environments
from flyle_sf_assets_tests.bench.peer_costs import (
    HEAD,
    Bench,
    Cost,
    run_measured,
    run_prepared,
    say,
)
from flyle_sf_assets_tests.bench.peer_environments import Reach
from flyle_sf_assets_tests.bench.refresh_cost import ROWS
from flyle_sf_assets_tests.bench.refresh_site import Load, installed, opportunities_load
from flyle_sf_assets_tests.postgres import admin

COMPANIES = "SELECT count(*) FROM flyle.companies WHERE tenant_id = 'bench' AND status = 'linked'"


def main() -> int:
    """Prints the table; 1 when one of them did not deliver what the org has."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    arguments.add_argument("--environments", type=Path, default=_cache() / "flyle-bench-peers")
    given = arguments.parse_args()
    logs.configure(level="ERROR")
    load = replace(opportunities_load(given.rows), shows_only_columns=True)
    with _bench(load, given.environments) as bench:
        say(
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


# Each of them ---------------------------------------------------------------------------------


def _ours(bench: Bench) -> Iterator[Cost]:
    """The full sync, and the same command when nothing is new: mostly the start of a process."""
    command = [sys.executable, "-m", "flyle_sf_assets.cli", "sync", "bench", "--json"]
    variables = {**os.environ, **bench.installation.child_environment()}
    expected = {"companies": bench.load.rows}
    for what in ("flyle-sf sync", "flyle-sf sync, nothing new"):
        counted = partial(_companies, bench)
        yield run_measured(
            bench, what, command, variables, counted, expected, writes_to_postgres=True
        )


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
    yield run_measured(
        bench,
        "simple-salesforce, Bulk 2.0 download",
        environments.program(python, "bulk_download", *given),
        environments.peer_variables(bench.reach, _home(bench, "download")),
        lambda _: _lines_of_csv(folder),
        bench.of_org,
    )
    shutil.rmtree(folder)


def _lines_of_csv(folder: Path) -> dict[str, int]:
    """Rows by object; the sandbox's values have no line breaks."""
    return {
        of_object.name: sum(_lines(file) - 1 for file in of_object.iterdir())
        for of_object in folder.iterdir()
    }


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


def _dlt(bench: Bench, *, destination: str, file_format: str) -> Iterator[Cost]:
    """By the fastest file format of the destination: its default, INSERT statements, costs more."""
    python = environments.made_environment("dlt", bench.environments)
    home = _home(bench, f"dlt-{destination}")
    variables = {
        **environments.peer_variables(bench.reach, home),
        **_of_destination(bench, destination, home),
        "BENCH_DLT_FILE_FORMAT": file_format,
    }
    given = (bench.reach.url, bench.reach.ca_file, bench.columns)
    count = environments.program(python, "dlt_pipeline", "count", bench.columns)
    yield run_measured(
        bench,
        f"dlt into {destination}, by {file_format}",
        environments.program(python, "dlt_pipeline", "load", *given),
        variables,
        lambda _: json.loads(run_prepared(count, variables)),
        bench.of_org,
        writes_to_postgres=destination == "postgres",
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
    found = json.loads(run_prepared(tap("--config", str(settings), "--discover"), variables))
    catalog.write_text(json.dumps(environments.selected_of_singer(found, bench.load.columns)))
    command = tap("--config", str(settings), "--properties", str(catalog))
    yield run_measured(bench, "tap-salesforce", command, variables, _messages, bench.of_org)


def _airbyte(bench: Bench) -> Iterator[Cost]:
    """``read``; ``discover``, which describes every object of the org, is not measured."""
    python = environments.made_environment("airbyte", bench.environments)
    home = _home(bench, "airbyte")
    variables = environments.peer_variables(bench.reach, home)
    settings, catalog = home / "config.json", home / "catalog.json"
    settings.write_text(json.dumps(environments.airbyte_settings(bench.reach)))
    source = partial(environments.connector, python, "source-salesforce", bench.reach)
    found = run_prepared(source("discover", "--config", str(settings)), variables).splitlines()
    catalog.write_text(json.dumps(environments.configured_of_airbyte(found, bench.load.columns)))
    command = source("read", "--config", str(settings), "--catalog", str(catalog))
    yield run_measured(
        bench, "airbyte-source-salesforce", command, variables, _messages, bench.of_org
    )


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
    "dlt-duckdb": partial(_dlt, destination="duckdb", file_format="parquet"),
    "dlt-postgres": partial(_dlt, destination="postgres", file_format="csv"),
    "tap-salesforce": _tap,
    "airbyte": _airbyte,
}


if __name__ == "__main__":
    raise SystemExit(main())
