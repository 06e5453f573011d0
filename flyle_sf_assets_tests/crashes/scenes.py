"""Tenants for which one of the commands of ``victims.py`` has something to do."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.tenants.rollback import resume
from flyle_sf_assets_tests.crashes.aftermath import OLD, assert_whole, change, repair
from flyle_sf_assets_tests.crashes.victims import Victim
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import linked

LABELS = ("label: 売上", "label: 売上高")


@dataclass
class Scene:
    """A tenant and the command that dies; every ``prepare`` gives the command new work."""

    tenant: Tenant
    command: str
    number: int = 0

    def prepare(self) -> None:
        """The org has changed since the last sync, and hours have passed."""
        tenant = self.tenant
        self.number += 1
        if self.command != "first sync":
            change(tenant.there, self.number)
        if self.command == "settings":
            old, new = LABELS if self.number % 2 else LABELS[::-1]
            tenant.settings = tenant.settings.replace(f"{old},", f"{new},")
            file = tenant.installation.environment.config_dir / "tenants" / f"{tenant.name}.yaml"
            text = tenant.settings.replace(PLACEHOLDER, tenant.server.url)
            file.write_text(text, encoding="utf-8")
        tenant.later(METADATA_S)
        if self.command == "cleanup":
            self._leave_a_file_behind()
        if self.command == "rollback":
            tenant.sync()
            tenant.assert_follows_org()
            tenant.later()

    def _leave_a_file_behind(self) -> None:
        """A refresh that died before the transaction that names its first record file."""
        when = "commit consumed, generations, syncs", 1
        victim = Victim(self.tenant, "refresh", self.tenant.clock.now(), when)
        victim.begin()
        assert victim.died()
        repair(self.tenant)

    def begin(self, stops_at: tuple[str, int] | None = None, *, waits: bool = False) -> Victim:
        """The command, under way in a process of its own."""
        is_cleanup = self.command == "cleanup"
        now = datetime.now(UTC) + OLD if is_cleanup else self.tenant.clock.now()
        victim = Victim(self.tenant, self.command, now, stops_at, waits=waits)
        victim.begin()
        return victim

    def recover(self) -> None:
        """One refresh later everything is as it must be; a rollback is taken back before it."""
        tenant = self.tenant
        done = tenant.query("SELECT DISTINCT sync_id FROM flyle.rolled_back WHERE tenant_id = %s")
        for (sync_id,) in done:
            resume(tenant.installation, tenant.name, sync_id, by="test", clock=tenant.clock.now)
        repair(tenant)
        assert_whole(tenant)


def make_scene(installation: Installation, server: SandboxServer, name: str, command: str) -> Scene:
    """A tenant that was synced, unless the command is the first sync."""
    settings = demo_settings("globex").replace("tenant: globex", f"tenant: {name}")
    settings = settings.replace("GLOBEX_SF", f"{name.upper()}_SF")
    org = make_org(samples.opportunity_org, accounts=12, opportunities=30)
    tenant = linked(installation, server, name, org, settings)
    if command != "first sync":
        tenant.sync()
        tenant.assert_follows_org()
    return Scene(tenant, command)
