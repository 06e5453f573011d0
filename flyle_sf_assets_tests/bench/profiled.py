"""Where the CPU of a refresh goes: by function of the client, and by statement of PostgreSQL.

Run by ``make bench-profile``. A function's CPU is that of all threads of the process while it runs
on the main thread, without the functions of this list that it calls: polars works on threads of its
own, and companies are converted on the main thread for that. A statement's CPU is that of its
server process. ``--plans`` explains each statement of a batch before it runs, and undoes that: the
figures beside it are then not those of a sync.
Source: proc(5), ``/proc/pid/schedstat``.
"""

import argparse
import functools
import importlib
import os
import platform
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import sqlalchemy as sa

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.sync.load import company_writer
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench.refresh_cost import LOADS, ROWS, measured, polled, refreshed
from flyle_sf_assets_tests.bench.refresh_site import Load, installed

FUNCTIONS = (
    "salesforce.bulk:_Reading._wait",
    "salesforce.bulk:_Reading._stored",
    "salesforce.bulk:_Reading._check",
    "salesforce.frames:csv_to_parquet",
    "salesforce.transport:Transport.fetch",
    "sync.session:_tried_twice",
    "sync.extract.dataset_reader:Reading.read_own_changes",
    "sync.extract.dataset_reader:Reading.close_references",
    "sync.extract.staged_dataset:StagedDataset.write",
    "companies.convert:convert",
    "companies.document:documents",
    "store.postgres.staging:stage",
    "store.postgres.database:Transaction.execute",
    "sync.idle_check:_is_known",
    "raw.plan:plan",
)
SHARE_MIN = 0.05
PLAN_ROWS_MAX = 14
"""Lines of a plan that are shown."""


@dataclass
class Sum:
    """What all runs of one function or statement took together."""

    times: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass
class Spending:
    """CPU by function and by statement, and plans by statement."""

    functions: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    statements: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    plans: dict[str, list[str]] = field(default_factory=dict)
    inner: list[list[float]] = field(default_factory=list)

    def clear(self) -> None:
        """Begins again."""
        for found in (self.functions, self.statements, self.plans):
            found.clear()


def _measure_functions(spending: Spending) -> None:
    """Replaces every function of `FUNCTIONS`, wherever the product has imported it."""
    for place in FUNCTIONS:
        module_name, _, path = place.partition(":")
        owner: Any = importlib.import_module(f"flyle_sf_assets.{module_name}")
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        function = getattr(owner, name)
        wrapped = _timed(function, path, spending)
        for module in [one for one in sys.modules.values() if _is_ours(one)]:
            if getattr(module, name, None) is function:
                setattr(module, name, wrapped)
        setattr(owner, name, wrapped)
    # On the main thread, where it is counted: one batch after the other.
    mock.patch.object(company_writer, "one_ahead", _one_by_one).start()


def _one_by_one(make: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    return (make(item) for item in items)


def _is_ours(module: Any) -> bool:
    return getattr(module, "__name__", "").startswith("flyle_sf_assets")


def _timed(function: Callable[..., Any], name: str, spending: Spending) -> Callable[..., Any]:
    main, inner = threading.main_thread(), spending.inner
    is_step = name == "_tried_twice"

    @functools.wraps(function)
    def timed(*args: Any, **options: Any) -> Any:
        if threading.current_thread() is not main:
            return function(*args, **options)
        cpu, wall = time.process_time(), time.perf_counter()
        inner.append([0.0, 0.0])
        try:
            return function(*args, **options)
        finally:
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            below_cpu, below_wall = inner.pop()
            if inner:
                inner[-1][0] += cpu
                inner[-1][1] += wall
            one = spending.functions[_step_name(args[1]) if is_step else name]
            one.times, one.cpu_s = one.times + 1, one.cpu_s + cpu - below_cpu
            one.wall_s += wall - below_wall

    return timed


def _step_name(step: partial[Any]) -> str:
    asset = step.keywords.get("asset", "")
    return f"{step.func.__name__} {asset}".strip()


def _measure_statements(spending: Spending, *, has_plans: bool) -> None:
    """Every connection of the product gets cursors that measure."""

    @contextmanager
    def measured_as(cursor: psycopg.Cursor[Any], text: str) -> Iterator[None]:
        pid = cursor.connection.info.backend_pid
        cpu, wall = _server_cpu_s(pid), time.perf_counter()
        yield
        one = spending.statements[" ".join(text.split())]
        one.times, one.cpu_s = one.times + 1, one.cpu_s + _server_cpu_s(pid) - cpu
        one.wall_s += time.perf_counter() - wall

    class Measured(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            text = _text(query, self)
            if has_plans and "companies" in text and _is_explained(text):
                spending.plans[" ".join(text.split())] = _plan(self.connection, text, params)
            with measured_as(self, text):
                return super().execute(query, params, **options)

        @contextmanager
        def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            with (
                measured_as(self, _text(statement, self)),
                super().copy(statement, params, **options) as copy,
            ):
                yield copy

    def checked_out(connection: psycopg.Connection[Any], *_: object) -> None:
        connection.cursor_factory = Measured

    sa.event.listen(sa.Pool, "checkout", checked_out)


def _server_cpu_s(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _text(query: Any, cursor: psycopg.Cursor[Any]) -> str:
    return query.as_string(cursor) if isinstance(query, psycopg.sql.Composable) else str(query)


def _is_explained(text: str) -> bool:
    return text.split(maxsplit=1)[0].upper() in {"SELECT", "WITH", "INSERT", "UPDATE"}


def _plan(connection: psycopg.Connection[Any], text: str, params: Any) -> list[str]:
    """How the statement runs now; undone."""
    with psycopg.Cursor(connection) as cursor:
        cursor.execute("SAVEPOINT explained")
        lines = cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {text}".encode(), params).fetchall()
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
    return [str(line) for (line,) in lines]


def _show(spending: Spending) -> None:
    for name, found in (("function", spending.functions), ("statement", spending.statements)):
        total = sum(one.cpu_s for one in found.values())
        print(f"\n| {name} | times | CPU s | wall s |\n|---|---:|---:|---:|")  # noqa: T201
        for what, one in sorted(found.items(), key=lambda item: -item[1].cpu_s):
            if one.cpu_s < SHARE_MIN * total:
                break
            figures = f"{one.times} | {one.cpu_s:.3f} | {one.wall_s:.3f}"
            print(f"| `{what[:160]}` | {figures} |")  # noqa: T201
            for line in spending.plans.get(what, ())[:PLAN_ROWS_MAX]:
                print(f"    {line}")  # noqa: T201
    print(flush=True)  # noqa: T201
    spending.clear()


def main() -> None:
    """Profiles a first sync, an idle check, 1 % changed, a census and a preview of a new type."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--load", choices=LOADS, default="opportunities")
    arguments.add_argument("--plans", action="store_true")
    given = arguments.parse_args()
    load = LOADS[given.load](given.rows)
    logs.configure(level="ERROR")
    spending = Spending()
    _measure_functions(spending)
    _measure_statements(spending, has_plans=given.plans)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}")  # noqa: T201
    with installed(load) as (installation, pipe):
        spending.clear()
        measured("full sync", installation, partial(refreshed, installation))
        _show(spending)
        pipe.send(0)
        pipe.recv()
        polled(installation)
        spending.clear()
        measured("idle check", installation, partial(polled, installation))
        _show(spending)
        pipe.send(load.rows // 100)
        pipe.recv()
        measured("1 % changed", installation, partial(refreshed, installation))
        _show(spending)
        measured("census", installation, partial(refreshed, installation, "census"))
        _show(spending)
        measured("preview", installation, partial(_previewed, installation, load))
        _show(spending)


def _previewed(installation: Installation, load: Load) -> None:
    """The preview of a mapping with another type: every company is compared."""
    environment = installation.environment
    file = environment.config_dir / "tenants" / "bench.yaml"
    text = file.read_text(encoding="utf-8")
    field_name = load.changed_field
    file.write_text(
        text.replace(f"from: {field_name},", f"from: {field_name}, type: text,"), encoding="utf-8"
    )
    preview(installation, load_tenant(file, environment.sf_extra_hosts).require())
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
