"""「設定を確認」: the current settings, where they come from, and all earlier versions."""

import json
from dataclasses import dataclass

from starlette.responses import Response

from flyle_sf_assets.connection.connect import connection_of
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.settings.versions import Change, diff, from_document
from flyle_sf_assets.store.tenants.settings_versions import SettingsVersion, newest_settings
from flyle_sf_assets.tenants.settings_drafts import kept_draft, settings_origin

VERSIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """One version and its changes from the one before."""

    version: SettingsVersion
    changes: tuple[Change, ...]
    is_first: bool


def settings(page_request: PageRequest) -> Response:
    """The settings in words; read-only with the file's name where a file has priority."""
    origin = settings_origin(page_request.installation, page_request.tenant)
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        found = newest_settings(tx, limit=VERSIONS_SHOWN + 1)
    return page_request.page(
        "settings.html",
        origin=origin,
        settings=origin.settings,
        connection=connection_of(page_request.installation, page_request.tenant),
        draft=kept_draft(page_request.installation, page_request.tenant),
        versions=_versions(found),
        time_zone=origin.settings.time_zone if origin.settings else None,
    )


def _versions(found: tuple[SettingsVersion, ...]) -> list[ShownVersion]:
    """Each compared with the one before it; the oldest one read serves only to compare."""
    read = [from_document(json.loads(one.document)) for one in found]
    shown = []
    for place, version in enumerate(found[:VERSIONS_SHOWN]):
        before = read[place + 1] if place + 1 < len(read) else None
        changes = diff(before, read[place]) if before is not None else ()
        shown.append(ShownVersion(version, changes, before is None))
    return shown
