"""The Dagster UI over many tenants: how long its pages of the companies take in a browser.

Run by ``make bench-fleet UI=5000``. Every tenant has a partition and the events of one refresh.
A page counts as shown when what it is about is there; 3 s are the limit. ``docs/performance.md``
keeps the figures.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from dagster import DagsterInstance, RunsFilter
from dagster._core.instance.ref import InstanceRef
from playwright.sync_api import Locator, Page, Request

from flyle_sf_assets.cli.servers.serving import free_port
from flyle_sf_assets.defs.instance import prepare_home
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench.fleet_events import fill
from flyle_sf_assets_tests.bench.fleet_site import Site, fleet_site
from flyle_sf_assets_tests.bench.fleet_workers import (
    resident_mb,
    session_cpu_s,
    webserver_command,
)
from flyle_sf_assets_tests.bench.refresh_cost import postgres_cpu_s
from flyle_sf_assets_tests.browser.chromium import opened_page

SHOWN_S_MAX = 3.0
START_S_MAX = 180.0
COMPANIES = "/assets/flyle/companies"
SLOWEST = 3
"""How many requests of a page are printed."""


@dataclass
class Visit:
    """One page: seconds until it was shown, and the GraphQL requests that it made by then.

    ``cpu_s``: what webserver and PostgreSQL computed meanwhile; other work on the machine does not
    change it.
    """

    page: str
    shown_s: float
    asked: list[tuple[str, float]] = field(default_factory=list)
    cpu_s: float = 0.0

    def in_words(self) -> str:
        """One line, with the longest requests."""
        longest = sorted(self.asked, key=lambda one: -one[1])[:SLOWEST]
        requests = ", ".join(f"{name} {seconds:.2f}" for name, seconds in longest)
        return f"{self.page}: shown after {self.shown_s:.2f} s, {self.cpu_s:.2f} CPU s ({requests})"


@dataclass(frozen=True)
class Shown:
    """A page of the UI, and what is to be seen on it."""

    name: str
    path: str
    found: Callable[[Page], Locator]


def pages(tenants: int, tenant: str, run_id: str) -> tuple[Shown, ...]:
    """The asset's pages, and the one of a tenant whose newest run that is."""
    partitions = re.compile(rf"^Materialized \({tenants}\)$")
    return (
        Shown(
            "partitions", f"{COMPANIES}?view=partitions", lambda page: page.get_by_text(partitions)
        ),
        Shown(
            "one partition",
            f"{COMPANIES}?view=partitions&partition={tenant}",
            lambda page: page.get_by_role("link", name=run_id[:8]).first,
        ),
        Shown(
            "overview",
            f"{COMPANIES}?view=overview",
            lambda page: page.get_by_placeholder("Filter columns"),
        ),
        Shown(
            "events",
            f"{COMPANIES}?view=events",
            lambda page: page.get_by_text(re.compile("^customer[0-9]{5}$")).first,
        ),
    )


START = Shown(
    "start",
    "/assets/flyle/fleet_health?view=overview",
    lambda page: page.get_by_text("How all tenants stand").first,
)
"""A page without tenants, first of all: a new browser loads the UI's scripts."""


def visited(page: Page, url: str, shown: Shown) -> Visit:
    """Goes to the page and waits until it shows what it is about."""
    begun: dict[Request, float] = {}
    asked: list[tuple[str, float]] = []

    def begins(request: Request) -> None:
        if "/graphql" in request.url and request.method == "POST":
            begun[request] = time.perf_counter()

    def ends(request: Request) -> None:
        if request in begun:
            name = json.loads(request.post_data or "{}").get("operationName")
            asked.append((str(name), time.perf_counter() - begun[request]))

    page.on("request", begins)
    page.on("requestfinished", ends)
    started = time.perf_counter()
    page.goto(f"{url}{shown.path}", wait_until="commit")
    shown.found(page).wait_for()
    visit = Visit(shown.name, time.perf_counter() - started, list(asked))
    page.wait_for_load_state("networkidle")
    page.remove_listener("request", begins)
    page.remove_listener("requestfinished", ends)
    return visit


@contextmanager
def webserver(site: Site) -> Iterator[tuple[str, int]]:
    """A ``dagster-webserver`` of its own; yields its URL and the session of its processes."""
    home, port = prepare_home(site.installation), free_port(0)
    with (home / "webserver.log").open("wb") as log:
        child = subprocess.Popen(
            webserver_command(port),
            env={**os.environ, **site.installation.child_environment()},
            stdout=log,
            stderr=log,
            cwd=home,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_S_MAX
        while b"Serving dagster-webserver" not in (home / "webserver.log").read_bytes():
            assert child.poll() is None, (home / "webserver.log").read_text()
            assert time.monotonic() < deadline, "the webserver did not start in time"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}", child.pid
    finally:
        child.terminate()
        child.wait(60)


def measured(
    site: Site, tenants: int, tenant: str, run_id: str
) -> tuple[list[Visit], dict[str, int]]:
    """Each page twice: before Dagster has counted the partitions, and again; the memory then."""
    with webserver(site) as (url, session), opened_page(locale="en-US") as page:
        page.goto("about:blank")
        home = site.installation.environment.home
        visits: list[Visit] = []
        of_companies = pages(tenants, tenant, run_id)
        for shown in (START, *of_companies, *of_companies):
            before = session_cpu_s(session) + postgres_cpu_s(home)
            visit = visited(page, url, shown)
            visit.cpu_s = session_cpu_s(session) + postgres_cpu_s(home) - before
            if any(visit.page == one.page for one in visits):
                visit.page += ", again"
            visits.append(visit)
            print(visit.in_words(), flush=True)  # noqa: T201
        return visits, resident_mb(session, "webserver")


def main() -> int:
    """Measures, prints the figures and the machine, and fails where a page takes too long."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tenants", type=int, default=5_000)
    arguments.add_argument("--runs", type=int, default=1, help="refreshes of each tenant")
    chosen = arguments.parse_args()
    logs.configure(level="ERROR")
    names = tuple(f"customer{number:05d}" for number in range(chosen.tenants - 1))
    with tempfile.TemporaryDirectory(prefix="flyle-fleet-") as folder:
        started = time.perf_counter()
        with fleet_site(Path(folder), 1) as site:
            home = str(prepare_home(site.installation))
            with DagsterInstance.from_ref(InstanceRef.from_dir(home)) as instance:
                events = fill(site, instance, names, chosen.runs)
                tenant = names[len(names) // 2]
                [run] = instance.get_runs(RunsFilter(tags={"dagster/partition": tenant}), limit=1)
            took = time.perf_counter() - started
            print(f"{chosen.tenants:,} tenants, {events:,} events made in {took:.0f} s", flush=True)  # noqa: T201
            visits, memory_mb = measured(site, chosen.tenants, tenant, run.run_id)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}; Python {platform.python_version()}, Dagster {version('dagster')}")  # noqa: T201
    is_good = all(one.shown_s <= SHOWN_S_MAX for one in visits if one.page != START.name)
    shown = {visit.page: round(visit.shown_s, 2) for visit in visits}
    cpu_s = {visit.page: round(visit.cpu_s, 2) for visit in visits}
    told = {
        "shown_s": shown,
        "cpu_s": cpu_s,
        "shown_s_max": SHOWN_S_MAX,
        "memory_mb": memory_mb,
        "ok": is_good,
    }
    print(json.dumps(told))  # noqa: T201
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
