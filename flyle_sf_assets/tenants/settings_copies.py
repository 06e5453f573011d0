"""Settings that a user saved in one workspace, to begin with in another one.

A user is offered only versions that the same user saved, whatever rights the user has there now:
they contain nothing that this user did not write or confirm.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.drafts import Draft, draft_of
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import from_document
from flyle_sf_assets.store.tenants.settings_versions import has_saved_elsewhere, versions_saved_by

COPIED = ("source", "mapping", "refresh", "time_zone")
"""Not the connection, the plan and the names: those are the workspace's own."""


@dataclass(frozen=True, slots=True)
class CopyableSettings:
    """The newest settings of another workspace that the user saved."""

    tenant: str
    settings: TenantSettings
    saved_at: datetime


def copyable_settings(
    installation: Installation, tenant: str, author: str
) -> tuple[CopyableSettings, ...]:
    """For each other workspace the newest version by this author, the newest first."""
    with installation.database.fleet() as tx:
        found = versions_saved_by(tx, author)
    made = (
        CopyableSettings(one.tenant, from_document(json.loads(one.document)), one.created_at)
        for one in found
        if one.tenant != tenant
    )
    return tuple(sorted(made, key=lambda one: one.saved_at, reverse=True))


def can_copy(installation: Installation, tenant: str, author: str) -> bool:
    """Whether `copyable_settings` has any; reads no settings."""
    with installation.database.fleet() as tx:
        return has_saved_elsewhere(tx, tenant, author)


def copied_draft(draft: Draft, settings: TenantSettings) -> Draft:
    """The draft with what is copied of these settings."""
    other = draft_of(settings, None).document
    return replace(draft, document={**draft.document, **{key: other[key] for key in COPIED}})
