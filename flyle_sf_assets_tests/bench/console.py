"""The console under load: 50 people, one request a second each, a tenant of 100,000 companies.

Run by ``make bench-console``. The console is a process of its own behind TLS; pages that only read
PostgreSQL must answer in under 100 ms (95th percentile), parts that ask Salesforce are not asked
for. ``docs/performance.md`` keeps the figures.
"""

import argparse
import json
import os
import random
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
import trustme

from flyle_sf_assets.console.sessions import sign_in
from flyle_sf_assets.console.settings import ConsoleSettings, console_settings
from flyle_sf_assets.console.tokens import Ticket
from flyle_sf_assets.console.users import User
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.salesforce.ids import to_18
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets.tenants.registration import register
from flyle_sf_assets_tests.bench.refresh_cost import postgres_cpu_s
from flyle_sf_assets_tests.console.house import certificate
from flyle_sf_assets_tests.flows.run_steps import run_all
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, demo_settings
from flyle_sf_assets_tests.postgres import admin

P95_MS_MAX = 100.0
START_CPU_S = 2.5
"""What the console's process takes to start, about; taken off its CPU time."""

TENANT = "acme"
NAMES = ("東京商事", "大和ホールディングス", "みどり製作所", "北海物流", "銀河ソリューションズ")

COMPANIES = """
INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, custom_fields, created_at,
    updated_at, status_changed_at, source_modified_at)
SELECT tenant_id, id, (%(names)s::text[])[1 + n %% 5] || ' ' || n,
    source_object, custom_fields, created_at, updated_at, status_changed_at, source_modified_at
FROM (SELECT * FROM flyle.companies WHERE tenant_id = %(tenant)s AND status = 'linked'
    ORDER BY external_id LIMIT 1) AS one, unnest(%(ids)s::text[]) WITH ORDINALITY AS new (id, n)
"""
SYNCS = """
INSERT INTO flyle.syncs (tenant_id, kind, state, started_at, finished_at, pulled, changed)
SELECT %(tenant)s, 'refresh', 'done', now() - n * interval '3 hours',
    now() - n * interval '3 hours' + interval '20 seconds', n, n FROM generate_series(1, 500) AS n
"""
CHANGES = """
INSERT INTO flyle.company_changes (tenant_id, external_id, field, old, new, changed_at)
SELECT %(tenant)s, (%(ids)s::text[])[1 + n %% 1000], 'revenue', '1', '2', now()
FROM generate_series(1, 20000) AS n
"""
REJECTED = """
INSERT INTO flyle.rejected_records (tenant_id, external_id, field, value, reason, remedy,
    first_seen_at, last_seen_at)
SELECT %(tenant)s, (%(ids)s::text[])[n], 'revenue', 'x', 'r', 'm', now(), now()
FROM generate_series(1, 500) AS n
"""


@dataclass
class Answers:
    """Milliseconds of every answer, by page; ``wrong`` are answers that were no page."""

    by_page: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, page: str, milliseconds: float, answer: requests.Response) -> None:
        """Counts one answer."""
        with self.lock:
            self.by_page.setdefault(page, []).append(milliseconds)
            if answer.status_code != 200:
                self.wrong.append(f"{page}: {answer.status_code}")

    def all(self) -> list[float]:
        """Of all pages."""
        return [one for page in self.by_page.values() for one in page]


def main() -> int:
    """Prints the figures as JSON; 1 when the 95th percentile is too high or an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    logs.configure(level="WARNING")
    with _site(given.companies) as opened, _served(opened) as (settings, ca_file):
        before = postgres_cpu_s(opened.environment.home)
        answers = _load(opened, settings, ca_file, given)
        postgres_s = postgres_cpu_s(opened.environment.home) - before
    console_s = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - START_CPU_S
    whole = answers.all()
    figures = {
        "companies": given.companies,
        "users": given.users,
        "requests": len(whole),
        "p50_ms": _percentile(whole, 50),
        "p95_ms": _percentile(whole, 95),
        "max_ms": round(max(whole), 1),
        "console_cpu_ms_per_request": round(1000 * console_s / len(whole), 1),
        "postgres_cpu_ms_per_request": round(1000 * postgres_s / len(whole), 1),
        "load_average": os.getloadavg()[0],
        "p95_ms_by_page": {
            page: _percentile(answers.by_page[page], 95) for page in sorted(answers.by_page)
        },
        "wrong": answers.wrong[:5],
        "cpus": os.cpu_count(),
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 0 if not answers.wrong and _percentile(whole, 95) < P95_MS_MAX else 1


@contextmanager
def _site(companies: int) -> Iterator[Installation]:
    """An installation with one tenant: synced once from a sandbox org, then grown in PostgreSQL."""
    org = samples.account_org()
    with (
        tempfile.TemporaryDirectory(prefix="flyle-bench-") as folder,
        SandboxServer([org]) as server,
    ):
        home = Path(folder)
        file = home / "config" / "tenants" / f"{TENANT}.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(demo_settings(TENANT).replace(PLACEHOLDER, server.url), encoding="utf-8")
        os.environ["ACME_SF_KEY"], os.environ["ACME_SF_SECRET"] = (
            org.consumer_key,
            org.consumer_secret,
        )
        environment = {
            "FLYLE_HOME": str(home),
            "FLYLE_CONFIG_DIR": str(home / "config"),
            "FLYLE_SF_CA_FILE": server.ca_file,
            "FLYLE_SF_EXTRA_HOSTS": server.url.removeprefix("https://"),
        }
        with open_installation(Environment.from_environment(environment)) as opened:
            register(opened, load_tenant(file, opened.environment.sf_extra_hosts))
            file.unlink()  # so that the set-up's pages are there
            with open_refresh(opened, TENANT) as refresh:
                run_all(refresh)
            _grow(opened, companies)
            yield opened


def _grow(opened: Installation, companies: int) -> None:
    values = {"tenant": TENANT, "names": list(NAMES), "ids": [_id(n) for n in range(companies)]}
    with admin(opened.database_url) as connection:
        for statement in (COMPANIES, SYNCS, CHANGES, REJECTED):
            connection.execute(statement.encode(), values)
        connection.execute(b"VACUUM ANALYZE")


def _id(number: int) -> str:
    return to_18(f"001B{number:011d}")


@contextmanager
def _served(opened: Installation) -> Iterator[tuple[ConsoleSettings, Path]]:
    """``flyle-sf console`` over TLS, as a process of its own."""
    folder = opened.environment.home / "tls"
    folder.mkdir()
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    pair = certificate(authority, folder)
    command = [sys.executable, "-m", "flyle_sf_assets.cli", "console", "--port", "0"]
    command += ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
    process = subprocess.Popen(
        command, env={**os.environ, **opened.child_environment()}, stdout=subprocess.PIPE, text=True
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        url = re.search(r"https://[\d.:]+", said)
        assert url is not None, said
        _await(url[0])
        yield console_settings(opened.environment, url[0], {}), ca_file
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()


def _await(url: str) -> None:
    host, port = url.removeprefix("https://").split(":")
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(url)


def _load(
    opened: Installation,
    settings: ConsoleSettings,
    ca_file: Path,
    given: argparse.Namespace,
) -> Answers:
    """Everybody asks for one page a second, each at a moment of their own."""
    sys.setswitchinterval(0.0005)
    answers = Answers()
    threads = [
        threading.Thread(
            target=_visit, args=(_session(opened, ca_file, n), n, settings, given, answers)
        )
        for n in range(given.users)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _session(opened: Installation, ca_file: Path, number: int) -> requests.Session:
    """Somebody who has come in; not by /enter, where one address may knock 30 times a minute."""
    user = User(TENANT, f"user-{number}", "佐藤 花子", "admin", "enterprise")
    now = datetime.now(UTC)
    ticket = Ticket(user, f"ticket-{number}", now + timedelta(minutes=5))
    session = requests.Session()
    session.trust_env, session.verify = False, str(ca_file)
    session.cookies.set("__Host-flyle_sf", sign_in(opened.database, ticket, now).cookie)
    return session


def _visit(
    session: requests.Session,
    number: int,
    settings: ConsoleSettings,
    given: argparse.Namespace,
    answers: Answers,
) -> None:
    choice = random.Random(number)
    time.sleep(choice.random())
    session.get(f"{settings.public_url}/health", timeout=60)  # connects
    for _ in range(given.seconds):
        began = time.perf_counter()
        page, path = _page(choice, given.companies)
        answer = session.get(settings.public_url + path, timeout=60)
        spent_s = time.perf_counter() - began
        answers.add(page, spent_s * 1000, answer)
        time.sleep(max(0.0, 1.0 - spent_s))


def _page(choice: random.Random, companies: int) -> tuple[str, str]:
    """A page and its address, as often as people look at each."""
    number = choice.randrange(1, companies)
    pages = {
        "/": ("/", 5),
        "/progress": ("/progress", 5),
        "/companies": ("/companies", 2),
        "/companies?q=name": (f"/companies?q={choice.choice(NAMES)[:2]}", 2),
        "/companies?q=rare": (f"/companies?q={number}", 2),
        "/companies/ID": (f"/companies/{_id(number)}", 4),
        "/syncs": ("/syncs", 1),
        "/rejected": ("/rejected", 1),
        "/notices": ("/notices", 1),
        "/settings": ("/settings", 2),
        "/setup/object": ("/setup/object", 1),
        "/setup/mapping": ("/setup/mapping", 1),
        "/setup/confirm": ("/setup/confirm", 1),
    }
    names = list(pages)
    page = choice.choices(names, [pages[name][1] for name in names])[0]
    return page, pages[page][0]


def _percentile(values: list[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 1) if len(values) > 1 else 0.0


if __name__ == "__main__":
    sys.exit(main())
