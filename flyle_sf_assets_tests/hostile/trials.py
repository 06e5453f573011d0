"""One held tenant before a hostile org: commands meet mutated answers, then the honest org.

What has to hold after each: an end within 30 s, an error of ours or none, files of no other
folder changed, memory within the bound; and after the honest org's next refresh and census, the
store is what the org says. What does not belong here: the mutations (``mutations.py``).
"""

import random
import re
import resource
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.connect import Org, SalesforceAccess, open_org
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets.settings.secret_refs import reveal
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import open_refresh, run_step
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.hostile.mutations import Mutation
from flyle_sf_assets_tests.hostile.overheard import MARK, Overheard, marked, told_in_tables
from flyle_sf_assets_tests.hostile.tampering import Answer, TamperedServer

LONGEST_S = 30.0
LONGEST_TEXT = 3_000
BUGS = ("unforeseen", "out_of_memory")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\ud800-\udfff]")
_BRIEFLY = RetryPolicy(attempts=2, total_s=5.0, wait_initial_s=0.0)

Command = Callable[["Trial"], None]


@dataclass
class Trial:
    """A tenant, its server, and what was seen so far."""

    tenant: Tenant
    server: TamperedServer
    overheard: Overheard
    met: int = 0
    hits: int = 0
    longest_s: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)

    def fault_of(
        self, mutations: Sequence[Mutation], command: Command, seed: int = 0
    ) -> str | None:
        """Runs a command while each answer of the mutations' endpoints is mutated by them.

        Returns what did not hold, None when all did.
        """
        tenant = self.tenant
        tenant.later(60)
        tenant.there.update(
            "Account", tenant.there.ids("Account")[0], {"Phone": f"{self.met} {MARK}"}
        )
        self.met, self.hits = self.met + 1, 0
        peak_mib = _peak_mib()
        before, started, code, told = _seen(tenant), time.monotonic(), "", ""
        with self._mutated(mutations, seed):
            try:
                command(self)
            except FlyleError as error:
                code, told = error.code, str(error)
            except Exception as error:  # noqa: BLE001 - told as what it is: no error of ours
                code = f"no error of ours: {error!r}"
        took_s = time.monotonic() - started
        written = {"the error": told, "logs": self.overheard.take(), **told_in_tables(tenant)}
        quoted = marked(written)
        self.longest_s = max(self.longest_s, took_s)
        self.codes[code] += 1
        holds = {
            "it met an answer": self.hits > 0 or len(mutations) > 1,
            f"an error of ours, not {code}": code not in BUGS and not code.startswith("no "),
            f"text without control characters, not {told!r}": not _CONTROL.search(told),
            f"a short text, not {len(told)} characters": len(told) < LONGEST_TEXT,
            f"an end within {LONGEST_S} s, not {took_s:.1f}": took_s < LONGEST_S,
            f"no value of a record written down, not {quoted}": not quoted,
            "no file of others changed": _seen(tenant) == before,
            "less than 1 GiB in all": _peak_mib() in (peak_mib, *range(1024)),
        }
        broken = [what for what, is_so in holds.items() if not is_so]
        names = ", ".join(one.name for one in mutations)
        return f"{names} ({command.__name__}): {'; '.join(broken)}" if broken else None

    def fault_alone(self, mutation: Mutation, command: Command) -> str | None:
        """The same for one mutation, always made at the same places."""
        return self.fault_of([mutation], command, zlib.crc32(mutation.name.encode()))

    def prove(self, mutations: Sequence[Mutation], command: Command, seed: int) -> None:
        """They are contained, and the honest org then brings everything back."""
        fault = self.fault_of(mutations, command, seed)
        self.heal()
        assert fault is None, fault

    def heal(self) -> None:
        """One refresh and one census with the honest org, and the store is what the org is."""
        for kind in ("refresh", "census"):
            self.tenant.later(7 * 3600)
            self.run(kind)
        expected = self.tenant.oracle.companies(self.tenant.last)
        found = self.tenant.companies()
        strangers = found.keys() - expected.keys()
        assert expected.keys() <= found.keys()
        # A record that the hostile org made up well leaves a company: gone, as any that is purged.
        assert {found[key].status for key in strangers} <= {"missing"}
        wrong = {key: (found[key], row) for key, row in expected.items() if found[key] != row}
        assert not wrong, wrong
        options = self.tenant.options()
        for key, option in self.tenant.oracle.options(expected).items():
            assert options.get(key) == option, key

    def run(self, kind: RefreshKind, *, rest_rows_max: int | None = None) -> None:
        """One refresh of a kind, which asks everybody only twice; 0 rows by REST: all by Bulk."""
        opened = open_refresh(
            self.tenant.installation, self.tenant.name, kind=kind, clock=self.tenant.clock.now
        )
        with opened as refresh:
            refresh.org.open_org = lambda: self.open_org(rest_rows_max)
            for step in STEPS:
                run_step(refresh, step)

    def open_org(self, rest_rows_max: int | None = None) -> Org:
        """The tenant's org, asked at most twice; waiting for Bulk jobs takes no time."""
        places = self.tenant.installation.environment
        network = replace(
            Network(places.sf_ca_file, places.sf_extra_hosts, clock=self.tenant.clock.now),
            retry=_BRIEFLY,
            login_retry=_BRIEFLY,
        )
        pace = replace(BulkPace(), page_rows=500, wait_total_s=60)
        access = SalesforceAccess(network, pace=pace, sleep=lambda _s: None)
        if rest_rows_max is not None:
            access = replace(access, rest_rows_max=rest_rows_max)
        settings = registered_settings(self.tenant.installation, self.tenant.name)
        assert settings is not None
        return open_org(settings.connection, reveal, access)

    @contextmanager
    def _mutated(self, mutations: Sequence[Mutation], seed: int) -> Iterator[None]:
        rng = random.Random(seed)

        def by(answer: Answer) -> Answer:
            mutated = answer
            for one in mutations:
                if answer.endpoint == one.at:
                    mutated = one.alter(mutated, rng)
            self.hits += mutated != answer
            return mutated

        self.server.by = by
        try:
            yield
        finally:
            self.server.by = None


def synced(trial: Trial) -> None:
    """A refresh, as every few hours."""
    trial.run("refresh")


def census(trial: Trial) -> None:
    """The nightly comparison."""
    trial.run("census")


def full(trial: Trial) -> None:
    """All of it again, by REST pages."""
    trial.run("full")


def by_bulk(trial: Trial) -> None:
    """All of it again, by Bulk jobs."""
    trial.run("full", rest_rows_max=0)


def looked_at(trial: Trial) -> None:
    """A tick's look."""
    tenant = trial.tenant
    check_idle(
        tenant.installation,
        tenant.name,
        is_asked_for=True,
        clock=tenant.clock.now,
        patience=Network(retry=_BRIEFLY, login_retry=_BRIEFLY),
    )


def connected(trial: Trial) -> None:
    """Somebody connects once more."""
    tenant = trial.tenant
    connect_headless(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)


COMMANDS: dict[str, tuple[Command, ...]] = {
    "token": (synced, looked_at),
    "composite": (synced, looked_at, census),
    "describe": (census,),
    "composite_query": (synced, census, looked_at),
    "count": (full,),
    "query": (full, census),
    "locator": (full,),
    "bulk_create": (by_bulk,),
    "bulk_poll": (by_bulk,),
    "bulk_results": (by_bulk,),
    "bulk_delete": (by_bulk,),
    "permissions": (connected,),
}


def commands_of(mutations: Sequence[Mutation]) -> list[tuple[Mutation, Command]]:
    """Each mutation with a command that asks its endpoint; those of an endpoint take turns."""
    counts: dict[str, int] = {}
    found = []
    for one in mutations:
        turn = counts[one.endpoint] = counts.get(one.endpoint, -1) + 1
        commands = COMMANDS[one.endpoint]
        found.append((one, commands[turn % len(commands)]))
    return found


def grouped(mutations: Sequence[Mutation], size: int) -> list[list[tuple[Mutation, Command]]]:
    """Them in groups with their commands, looks first: none is made after a sync that failed."""
    met = commands_of(mutations)
    groups = [met[start : start + size] for start in range(0, len(met), size)]
    return [sorted(group, key=lambda one: one[1] is not looked_at) for group in groups]


def _peak_mib() -> int:
    """The most memory that this process ever had resident; another test may have been before."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _seen(tenant: Tenant) -> dict[str, tuple[int, int]]:
    """Size and time of every file of the installation that is not the tenant's own."""
    root = tenant.installation.environment.home.parent
    own = Path(tenant.installation.lake.root) / tenant.name
    return {
        str(path): (told.st_size, told.st_mtime_ns)
        for path in root.rglob("*")
        if not path.is_relative_to(own) and path.is_file() and (told := path.stat())
    }
