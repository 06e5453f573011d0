"""What people do to a tenant's settings while the sensor looks on, and what becomes of its link.

What does not belong here: the sensor (``ticks.py``).
"""

import json
from pathlib import Path

from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.versions import digest, document
from flyle_sf_assets.store.tenants.settings_versions import register_settings
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, Tenant


def file_of(tenant: Tenant) -> Path:
    return tenant.installation.environment.config_dir / "tenants" / f"{tenant.name}.yaml"


def edit(tenant: Tenant, settings: str) -> None:
    """A person saves the file; nobody runs ``apply``."""
    tenant.settings = settings
    text = settings.replace(PLACEHOLDER, tenant.server.url)
    file_of(tenant).write_text(text, encoding="utf-8")


def save_in_console(tenant: Tenant, settings: str) -> int:
    """The console keeps a version, and knows nothing of what follows from it."""
    draft = file_of(tenant).parent.parent / f"{tenant.name}.yaml"
    draft.write_text(settings.replace(PLACEHOLDER, tenant.server.url), encoding="utf-8")
    made = load_tenant(draft, tenant.installation.environment.sf_extra_hosts).require()
    with tenant.installation.database.tenant(tenant.name) as tx:
        text = json.dumps(document(made))
        return register_settings(
            tx, text, digest(made), "console:admin@example.jp", tenant.clock.now()
        ).version


def state_of(tenant: Tenant) -> str:
    ((state,),) = tenant.query("SELECT state FROM flyle.links WHERE tenant_id = %s")
    return str(state)


def versions(tenant: Tenant) -> list[str]:
    found = tenant.query(
        "SELECT author FROM flyle.settings_versions WHERE tenant_id = %s ORDER BY version"
    )
    return [str(author) for (author,) in found]
