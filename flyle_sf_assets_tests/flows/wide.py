"""A tenant of many companies beside 50 others, on a database that nobody analyses.

What does not belong here: what is found out about it (``test_statements.py``, ``test_work.py``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
import stamina
from psycopg import sql

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

MAPPING = (
    "{from: AnnualRevenue, to: revenue, label: 売上}",
    "{from: Industry, to: industry, label: 業種}",
    "{from: Type, to: type, label: 種別}",
    "{from: Phone, to: phone, label: 電話}",
    "{from: Owner.Name, to: owner, label: 担当}",
)

OTHERS = """
INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, custom_fields, created_at,
    updated_at, status_changed_at)
SELECT 'other-' || tenant, 'z' || n, 'Other ' || n, 'Account', '{"industry": "Banking"}', now(),
    now(), now()
FROM generate_series(1, 400) AS n CROSS JOIN generate_series(1, 50) AS tenant;
INSERT INTO flyle.company_changes (tenant_id, external_id, field, sync_id, changed_at)
SELECT 'other-' || tenant, 'z' || n, 'f', n, now()
FROM generate_series(1, 200) AS n CROSS JOIN generate_series(1, 50) AS tenant;
INSERT INTO flyle.rejected_records (tenant_id, external_id, field, reason, remedy, first_seen_at,
    last_seen_at)
SELECT 'other-' || tenant, 'z' || n, 'f', 'r', '', now(), now()
FROM generate_series(1, 100) AS n CROSS JOIN generate_series(1, 50) AS tenant;
INSERT INTO flyle.syncs (tenant_id, kind, started_at, finished_at, state)
SELECT 'other-' || tenant, 'refresh', now(), now(), 'done'
FROM generate_series(1, 100) AS n CROSS JOIN generate_series(1, 50) AS tenant;
INSERT INTO flyle.custom_field_options (tenant_id, field_key, value, label, position, active,
    first_seen_at, described)
SELECT 'other-' || tenant, 'industry', 'v' || n, 'l', n, true, now(), true
FROM generate_series(1, 40) AS n CROSS JOIN generate_series(1, 50) AS tenant;
"""


@contextmanager
def wide_tenant(home: Path, server: SandboxServer, companies: int) -> Iterator[Tenant]:
    """Not synced yet; its org has that many accounts and their owners."""
    org = make_org(
        partial(samples.big_org, "wide", org_number=91), accounts=companies, opportunities=0
    )
    with (
        pytest.MonkeyPatch.context() as patch,
        stamina.set_testing(True, attempts=3, cap=True),
        installed(home, server) as installation,
    ):
        with admin(installation.database_url) as connection:
            _stop_analysing(connection)
            for statement in OTHERS.split(";"):
                connection.execute(statement.encode())
        patch.setattr("os.environ", dict(os.environ))
        yield linked(
            installation, server, "wide", org, settings_of("wide", "{object: Account}", MAPPING)
        )


def _stop_analysing(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'flyle'::regnamespace AND relkind = 'r'"
    ).fetchall()
    for (name,) in tables:
        connection.execute(
            sql.SQL("ALTER TABLE flyle.{} SET (autovacuum_enabled = false)").format(
                sql.Identifier(str(name))
            )
        )


def change_some(tenant: Tenant, changed: int) -> None:
    """New accounts, changed ones, some without a change of the company, and deleted ones."""
    org, third = tenant.there, changed // 3
    ids = org.ids("Account")
    for number, record in enumerate(ids[:: len(ids) // third][:third]):
        org.update("Account", record, {"AnnualRevenue": 77_000_000 + number})
    org.delete("Account", *ids[5 :: len(ids) // third][:third])
    for number in range(third):
        org.insert("Account", {"Name": f"新しい会社 {number}", "Industry": "Finance"})
    tenant.later()
