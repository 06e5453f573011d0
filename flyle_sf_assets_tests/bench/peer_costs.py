"""What one process of the comparison costs, and whether it delivered what the org has.

What does not belong here: which processes there are (``peers.py``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.bench.peer_environments import Reach
from flyle_sf_assets_tests.bench.peer_programs import measured
from flyle_sf_assets_tests.bench.refresh_cost import settled_postgres_cpu_s
from flyle_sf_assets_tests.bench.refresh_site import Load

HEAD = (
    "| | CPU s | PostgreSQL CPU s | wall s | API calls | peak MiB | records | load |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Cost:
    """What one process cost, and the records that it delivered, by object."""

    what: str
    cpu_s: float
    postgres_cpu_s: float | None
    """None where it does not write there: the server's own work in the background is not its."""
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
        postgres = "" if self.postgres_cpu_s is None else f"{self.postgres_cpu_s:.1f}"
        return (
            f"| {self.what} | {self.cpu_s:.1f} | {postgres} | {self.wall_s:.1f} |"
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


def say(text: str) -> None:
    """Prints at once: a run takes minutes."""
    print(text, flush=True)  # noqa: T201


def run_measured(
    bench: Bench,
    what: str,
    command: list[str],
    variables: Mapping[str, str],
    counted: Callable[[Path], Mapping[str, int]],
    expected: Mapping[str, int],
    *,
    writes_to_postgres: bool = False,
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
        postgres_cpu_s=postgres if writes_to_postgres else None,
        api_calls=calls,
        records=records,
        expected=expected,
        load=load,
        **found,
    )
    say(made.line())
    return made


def run_prepared(command: list[str], variables: Mapping[str, str]) -> bytes:
    """What a command that is not measured writes."""
    return subprocess.run(
        command, env=dict(variables), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
