"""Many linked tenants in a moment: one tenant is synced, the others are copied from it.

Every tenant has an org (all in a process of their own), settings, credentials and record files of
its own. The orgs hold the same records, so that what one sync brought can be copied for the
others, row by row and file by file.

What does not belong here: what is measured (``fleet.py``).
"""

import multiprocessing
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from psycopg import sql

from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.tenants.registration import register_files
from flyle_sf_assets_tests.bench.refresh_site import environment_of
from flyle_sf_assets_tests.flows.run_steps import run_all
from flyle_sf_assets_tests.postgres import admin

SETTINGS = """
tenant: {tenant}
display_name: {tenant}
plan: enterprise
connection:
  org_url: {url}
  flow: client_credentials
  consumer_key: {{file: {home}/secrets/{tenant}.key}}
  consumer_secret: {{file: {home}/secrets/{tenant}.secret}}
source:
  object: Account
mapping:
  - {{from: AnnualRevenue, to: revenue, label: 売上}}
  - {{from: NumberOfEmployees, to: employees, label: 従業員規模}}
  - {{from: Industry, to: industry, label: 業種}}
  - {{from: Phone, to: phone, label: 電話}}
  - {{from: Owner.Name, to: owner, label: 担当}}
"""
COPIED = (
    "companies",
    "consumed",
    "custom_field_options",
    "custom_fields",
    "generations",
    "object_schemas",
)


@dataclass(frozen=True)
class Site:
    """An installation whose tenants are in step with their orgs, and the pipe to the orgs."""

    installation: Installation
    tenants: tuple[str, ...]
    orgs: Connection

    def change(self, tenants: Sequence[str]) -> dict[str, str]:
        """Renames one account in each of these orgs; the new names by tenant."""
        self.orgs.send(("change", list(tenants)))
        changed: dict[str, str] = self.orgs.recv()
        return changed


def serve_orgs(pipe: Connection, number: int) -> None:
    """The orgs' own process: they change on request."""
    orgs = {org.name: org for org in samples.fleet(number)}
    with SandboxServer(list(orgs.values())) as server:
        keys = {name: (org.consumer_key, org.consumer_secret) for name, org in orgs.items()}
        pipe.send((server.url, server.ca_file, keys))
        while (asked := pipe.recv()) is not None:
            _, names = asked
            pipe.send({name: _rename_first(orgs[name], name) for name in names})


def _rename_first(org: Org, name: str) -> str:
    new = f"{name} renamed"
    org.update("Account", org.ids("Account")[0], {"Name": new})
    return new


@contextmanager
def fleet_site(home: Path, number: int) -> Iterator[Site]:
    """``number`` tenants linked and synced."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=serve_orgs, args=(theirs, number), daemon=True)
    child.start()
    try:
        url, ca_file, keys = ours.recv()
        _write_files(home, url, keys)
        environment = environment_of(home, url, ca_file)
        with open_installation(environment) as installation:
            register_files(installation)
            first, *others = sorted(keys)
            with open_refresh(installation, first) as refresh:
                run_all(refresh)
            _copy(installation, first, others)
            yield Site(installation, tuple(sorted(keys)), ours)
    finally:
        ours.send(None)
        child.join(10)


def _write_files(home: Path, url: str, keys: dict[str, tuple[str, str]]) -> None:
    tenants, secrets = home / "config" / "tenants", home / "secrets"
    tenants.mkdir(parents=True)
    secrets.mkdir(mode=0o700)
    for tenant, (key, secret) in keys.items():
        settings = SETTINGS.format(tenant=tenant, url=url, home=home)
        (tenants / f"{tenant}.yaml").write_text(settings, encoding="utf-8")
        (secrets / f"{tenant}.key").write_text(key, encoding="utf-8")
        (secrets / f"{tenant}.secret").write_text(secret, encoding="utf-8")


def _copy(installation: Installation, first: str, others: Sequence[str]) -> None:
    """What one tenant's sync brought, for tenants whose orgs hold the same."""
    root = installation.lake.root
    for tenant in others:
        shutil.copytree(root / first, root / tenant, copy_function=os.link)
    with admin(installation.database_url) as connection:
        for table in COPIED:
            columns = [
                str(name)
                for (name,) in connection.execute(
                    "SELECT column_name FROM information_schema.columns"
                    " WHERE table_schema = 'flyle' AND table_name = %s",
                    [table],
                ).fetchall()
            ]
            kept = [sql.Identifier(name) for name in columns if name != "tenant_id"]
            taken = [_moved(name, first) for name in columns if name != "tenant_id"]
            connection.execute(
                sql.SQL(
                    "INSERT INTO {table} (tenant_id, {kept}) SELECT o.tenant, {taken}"
                    " FROM {table} t, unnest(%s::text[]) AS o(tenant) WHERE t.tenant_id = %s"
                ).format(
                    table=sql.Identifier("flyle", table),
                    kept=sql.SQL(", ").join(kept),
                    taken=sql.SQL(", ").join(taken),
                ),
                [list(others), first],
            )
        connection.execute(
            # Each has an org of its own, whose id the first look notes.
            "UPDATE flyle.links l SET state = f.state,"
            " first_synced_at = f.first_synced_at, last_synced_at = f.last_synced_at,"
            " next_due_at = f.next_due_at, settings_version = f.settings_version"
            " FROM flyle.links f WHERE f.tenant_id = %s AND l.tenant_id <> f.tenant_id",
            [first],
        )
        # The settings sensor has nothing to take over: what is measured are refreshes.
        connection.execute("UPDATE flyle.settings_changes SET settled_at = now()")
        connection.execute("ANALYZE")


def _moved(column: str, first: str) -> sql.Composable:
    """A column as another tenant has it: a manifest's files lie in the tenant's own folder."""
    if column != "manifest":
        return sql.SQL("t.{}").format(sql.Identifier(column))
    return sql.SQL("replace(t.manifest::text, {}, '\"' || o.tenant || '/')::jsonb").format(
        sql.Literal(f'"{first}/')
    )
