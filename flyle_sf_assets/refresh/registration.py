"""Settings files become settings versions; one that is wrong stops only its own tenant.

What does not belong here: reading and judging a file (``settings``, ``check``) and Dagster's
partitions (``defs``, ``cli``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.refresh.context import utc_now
from flyle_sf_assets.refresh.due import next_due
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.settings.loading import Loaded, load_all
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change, diff, digest, document, from_document
from flyle_sf_assets.store.links import get_link, put_link
from flyle_sf_assets.store.settings_versions import latest_settings, register_settings


@dataclass(frozen=True, slots=True)
class Registration:
    """What became of one tenant's file. ``version`` is None when the file cannot be used.

    ``before`` are the settings that stood until now, None for a new tenant.
    """

    tenant: str
    version: int | None
    is_new: bool
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    before: TenantSettings | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the file's settings now stand."""
        return self.version is not None


def register_files(
    installation: Installation, *, clock: Callable[[], datetime] = utc_now
) -> tuple[Registration, ...]:
    """Every file of ``config/tenants``; one that is broken stops only itself."""
    return tuple(
        register(installation, loaded, clock=clock)
        for loaded in load_all(installation.places.config_dir)
    )


def register(
    installation: Installation, loaded: Loaded, *, clock: Callable[[], datetime] = utc_now
) -> Registration:
    """One loaded file. The versions that stood before stay; an unchanged file makes no new one."""
    settings = loaded.settings
    if settings is None or any(p.severity == "error" for p in loaded.problems):
        return Registration(loaded.tenant, None, is_new=False, changes=(), problems=loaded.problems)
    with installation.database.tenant(settings.tenant) as tx:
        latest = latest_settings(tx)
        before = None if latest is None else from_document(json.loads(latest.document))
        text = json.dumps(document(settings), ensure_ascii=False)
        made = register_settings(tx, text, digest(settings), author(loaded), clock())
        link = get_link(tx)
        if made.is_new and link.last_synced_at is not None:
            # Another interval counts from the last sync on, not from the next one.
            due = next_due(link.last_synced_at, settings, installation.places)
            put_link(tx, next_due_at=due)
        if link.settings_version is None:
            put_link(tx, settings_version=made.version, source_object=settings.source.object)
    changes = diff(before, settings) if made.is_new else ()
    return Registration(
        settings.tenant, made.version, made.is_new, changes, loaded.problems, before
    )


def author(loaded: Loaded) -> str:
    """Who set it: for a file its name."""
    return f"file:{loaded.path.name}"


def registered_settings(installation: Installation, tenant: str) -> TenantSettings | None:
    """The settings that stand for a tenant, None when there are none."""
    with installation.database.tenant(tenant) as tx:
        latest = latest_settings(tx)
    return None if latest is None else from_document(json.loads(latest.document))
