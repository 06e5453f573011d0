"""Tenants under test: each has settings, an org of its own behind the sandbox server, and syncs.

What does not belong here: what the companies should hold (``oracle.py``).
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from dagster import AssetKey

from flyle_sf_assets.defs import keys
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.connect import SalesforceAccess, open_org
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.secret_refs import reveal
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.sync.session import open_refresh, run_step
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.tenants.registration import Registration, register
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.oracle import Company, Option, Oracle
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.postgres import admin

DEMO_SETTINGS = Path(__file__).parents[2] / "config" / "demo" / "tenants"
PLACEHOLDER = "https://sandbox.invalid"
ORG_TIME = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
OUR_TIME = datetime(2026, 3, 2, 3, 7, 0, tzinfo=UTC)
"""Our clock is minutes off, as clocks are: nothing may depend on both agreeing."""

ASSETS: tuple[AssetKey, ...] = keys.IN_ORDER
ASSET_NAMES = tuple(key.to_user_string() for key in ASSETS)

ORG_NUMBERS = count(1000)
"""For every org that a process hosts: two of one number cannot be hosted by one server."""


@lru_cache(maxsize=16)
def _sampled(sample: Callable[..., Org], size: frozenset[tuple[str, int]]) -> Org:
    """A sample org that nobody changes: its records are made once, each test has a clone."""
    return sample(clock=ManualClock(ORG_TIME), **dict(size))


def make_org(sample: Callable[..., Org] = samples.account_org, **size: int) -> Org:
    """A sample org with a number, a key, a secret and a clock (`ManualClock`) of its own."""
    number = next(ORG_NUMBERS)
    return _sampled(sample, frozenset(size.items())).clone(
        f"org{number}",
        org_number=number,
        consumer_key=f"3MVG9.flows.{number}",
        consumer_secret=f"secret-of-org-{number}",
        clock=ManualClock(ORG_TIME),
    )


def org_clock(org: Org) -> ManualClock:
    """The clock of an org of `make_org`, which tests move."""
    clock = org._clock  # noqa: SLF001 - `make_org` gave it
    assert isinstance(clock, ManualClock)
    return clock


def demo_settings(tenant: str) -> str:
    """The settings of a demo tenant as they stand in the repository."""
    return (DEMO_SETTINGS / f"{tenant}.yaml").read_text(encoding="utf-8")


def settings_of(tenant: str, source: str, mapping: Iterable[str], **more: str) -> str:
    """Settings as text: ``source`` and each mapping are YAML in flow style."""
    beside = {"time_zone": "Asia/Tokyo", "plan": "enterprise", **more}
    lines = [f"tenant: {tenant}", f"display_name: {tenant}"]
    lines += [f"{name}: {value}" for name, value in beside.items()]
    lines += [
        "connection:",
        f"  org_url: {PLACEHOLDER}",
        "  flow: client_credentials",
        f"  consumer_key: {{env: {tenant.upper()}_SF_KEY}}",
        f"  consumer_secret: {{env: {tenant.upper()}_SF_SECRET}}",
        f"source: {source}",
        "mapping:",
    ]
    return "\n".join([*lines, *[f"  - {one}" for one in mapping]]) + "\n"


@dataclass(frozen=True)
class Row:
    """A company row with the columns that only the product decides on."""

    company: Company
    created_at: datetime
    updated_at: datetime


@dataclass
class Tenant:
    """One tenant: its org (``there``), its settings, and both clocks.

    ``rest_rows_max`` is where Bulk begins; None leaves that to the product. ``last`` are the
    companies as they stood when they last followed the org.
    """

    name: str
    there: Org
    server: SandboxServer
    installation: Installation
    settings: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(OUR_TIME))
    rest_rows_max: int | None = None
    last: dict[str, Company] = field(default_factory=dict)

    @property
    def oracle(self) -> Oracle:
        """What the org and the settings say."""
        return Oracle(self.there, self.settings)

    def give_credentials(self) -> None:
        """Puts the org's key and secret where the settings say that they are."""
        os.environ[f"{self.name.upper()}_SF_KEY"] = self.there.consumer_key
        os.environ[f"{self.name.upper()}_SF_SECRET"] = self.there.consumer_secret

    def apply(self, settings: str | None = None) -> Registration:
        """Writes the settings file and registers it; it must be usable."""
        self.settings = settings or self.settings
        folder = self.installation.environment.config_dir / "tenants"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.yaml"
        file.write_text(self.settings.replace(PLACEHOLDER, self.server.url), encoding="utf-8")
        made = register(
            self.installation,
            load_tenant(file, self.installation.environment.sf_extra_hosts),
            clock=self.clock.now,
        )
        assert made.is_usable, made.problems
        return made

    def sync(
        self, *, kind: RefreshKind = "refresh", steps: Iterable[int] = range(len(STEPS))
    ) -> tuple[StepReport, ...]:
        """One refresh through the steps, as Dagster would run them; ``steps`` by their place."""
        with self.open_refresh(kind) as refresh:
            return tuple(run_step(refresh, STEPS[place]) for place in steps)

    @contextmanager
    def open_refresh(self, kind: RefreshKind = "refresh") -> Iterator[Refresh]:
        """A refresh that no step has worked on yet."""
        opened = open_refresh(self.installation, self.name, kind=kind, clock=self.clock.now)
        with opened as refresh:
            if self.rest_rows_max is not None:
                use_bulk(refresh, rest_rows_max=self.rest_rows_max)
            yield refresh

    def later(self, seconds: float = 3600) -> None:
        """Time passes here and there."""
        self.clock.advance(seconds)
        self.org_clock.advance(seconds)

    @property
    def org_clock(self) -> ManualClock:
        """The org's clock."""
        return org_clock(self.there)

    def rows(self) -> dict[str, Row]:
        """The company rows as they stand in PostgreSQL, read without the product."""
        found = self.query(
            "SELECT external_id, name, status, status_reason, merged_into, custom_fields::text,"
            " created_at, updated_at FROM flyle.companies WHERE tenant_id = %s"
        )
        return {
            key: Row(Company(name, status, reason, merged, _exact(fields)), created, updated)
            for key, name, status, reason, merged, fields, created, updated in found
        }

    def companies(self) -> dict[str, Company]:
        """The company rows without what only the product decides on."""
        return {key: row.company for key, row in self.rows().items()}

    def options(self) -> dict[tuple[str, str], Option]:
        """The catalog of options."""
        found = self.query(
            "SELECT field_key, value, label, active FROM flyle.custom_field_options"
            " WHERE tenant_id = %s"
        )
        return {(key, value): Option(label, active) for key, value, label, active in found}

    def generations(self) -> dict[str, int]:
        """The generation of every dataset."""
        found = self.query("SELECT dataset, generation FROM flyle.generations WHERE tenant_id = %s")
        return dict(found)

    def rejected(self) -> list[tuple[Any, ...]]:
        """The values that stand rejected: record, field, value, reason."""
        return self.query(
            "SELECT external_id, field, value, reason FROM flyle.rejected_records"
            " WHERE tenant_id = %s AND resolved_at IS NULL ORDER BY 1, 2"
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query whose only parameter is the tenant."""
        with admin(self.installation.database_url) as connection:
            return connection.execute(sql.encode(), [self.name]).fetchall()

    def assert_moved_exactly(self, before: dict[str, Row]) -> int:
        """``updated_at`` moved for the rows whose content changed and for no other; how many."""
        now = self.clock.now()
        moved = {key for key, row in self.rows().items() if row.updated_at == now}
        changed = {
            key
            for key, row in self.rows().items()
            if key not in before or content(before[key].company) != content(row.company)
        }
        assert moved == changed
        kept = {key: row for key, row in self.rows().items() if key not in changed}
        assert all(before[key].updated_at == row.updated_at for key, row in kept.items())
        return len(changed)

    def assert_follows_org(self) -> None:
        """Every company and every option is what the org holds, given what was held before."""
        expected = self.oracle.companies(self.last)
        found = self.companies()
        assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
        differences = {
            key: (found[key], expected[key]) for key in expected if found[key] != expected[key]
        }
        assert not differences, differences
        self.last = expected
        for key, option in self.oracle.options(expected).items():
            assert self.options().get(key) == option, key


def use_bulk(refresh: Refresh, *, rest_rows_max: int) -> None:
    """A read of more than ``rest_rows_max`` rows uses Bulk."""
    refresh.org.open_org = partial(_open_org, refresh, rest_rows_max)


def _open_org(refresh: Refresh, rest_rows_max: int) -> Any:
    """The org, with the way to read it given; waiting for Bulk jobs takes no time."""
    environment = refresh.installation.environment
    access = SalesforceAccess(
        Network(environment.sf_ca_file, environment.sf_extra_hosts, clock=refresh.clock),
        rest_rows_max=rest_rows_max,
        pace=replace(BulkPace(), page_rows=5_000),
        sleep=lambda _seconds: None,
    )
    return open_org(refresh.settings.connection, reveal, access)


def environment_of(
    home: Path, server: SandboxServer, database_url: str, dagster_url: str | None = None
) -> Environment:
    """An installation's places below ``home``, with the sandbox among the hosts allowed."""
    return Environment(
        home=home,
        config_dir=home / "config",
        lake_url=str(home / "lake"),
        database_url=database_url,
        dagster_database_url=dagster_url,
        sf_ca_file=Path(server.ca_file),
        sf_extra_hosts=(server.url.removeprefix("https://"),),
    )


def _exact(text: str) -> dict[str, object]:
    decoded = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert isinstance(decoded, dict)
    return decoded
