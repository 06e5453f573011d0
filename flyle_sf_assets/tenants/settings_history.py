"""A tenant's settings versions as people look at them, and an earlier one made current again.

A restore is a new version with an earlier one's content: no version is ever changed or deleted. If
the org does not fit it, it is kept as not applied, as any other version.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from flyle_sf_assets.choosing.phrases import Phrase, api_name, name, phrase, words
from flyle_sf_assets.choosing.settings_words import change_phrases
from flyle_sf_assets.errors import NotFound, Problem, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.drafts import Draft, draft_of, with_connection
from flyle_sf_assets.settings.models import Connection, Flow, TenantSettings
from flyle_sf_assets.settings.versions import Change, diff, from_document
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.store.syncs.settings_in_effect import (
    get_refusals,
    version_in_effect,
)
from flyle_sf_assets.store.tenants.settings_files import FILE_AUTHOR
from flyle_sf_assets.store.tenants.settings_versions import (
    SettingsVersion,
    get_settings,
    latest_settings,
    newest_settings,
    versions_with_content,
)
from flyle_sf_assets.tenants.object_schemas import labelled_schemas
from flyle_sf_assets.tenants.settings_drafts import Saved, save_settings

TERMINAL_AUTHOR = "cli"
"""The author of a version that a command restored for a tenant without a settings file."""

CONSOLE_AUTHOR = "console:"
"""The prefix of the author of a version that a user of the console made."""

VersionState = Literal["in_effect", "waiting", "not_applied", "earlier"]


@dataclass(frozen=True, slots=True)
class HistoricVersion:
    """One version, and the version before it, None for the first.

    ``state``: ``in_effect`` is what the tenant is refreshed with; ``waiting`` is compared with the
    org by the next refresh; ``not_applied`` does not fit the org, for the reasons in ``problems``
    (none if a newer version came before it was compared); ``earlier`` was replaced. ``same_as`` is
    the newest earlier version with the same content: of a restore, the one that was restored.
    """

    version: int
    author: str
    created_at: datetime
    state: VersionState
    settings: TenantSettings
    before: TenantSettings | None
    problems: tuple[Problem, ...]
    same_as: int | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What it changed against the version before it; nothing for the first version."""
        return () if self.before is None else diff(self.before, self.settings)


@dataclass(frozen=True, slots=True)
class SettingsHistory:
    """Versions, the newest first. ``schemas`` are those described last, for the labels."""

    versions: tuple[HistoricVersion, ...]
    schemas: dict[str, ObjectSchema]

    @property
    def newest(self) -> int | None:
        """The number of the newest version."""
        return self.versions[0].version if self.versions else None


def settings_history(
    installation: Installation, tenant: str, *, limit: int = 1_000
) -> SettingsHistory:
    """The newest ``limit`` versions of a tenant; none for a tenant without settings."""
    with installation.database.tenant(tenant) as tx:
        found = newest_settings(tx, limit + 1)
        schemas = labelled_schemas(read_schemas(tx))
        in_effect, refusals = version_in_effect(tx), get_refusals(tx)
        same = versions_with_content(tx)
    read = [_settings(one) for one in found]
    versions = [
        HistoricVersion(
            version=one.version,
            author=one.author,
            created_at=one.created_at,
            state=_state(one.version, found[0].version, in_effect, set(refusals)),
            settings=read[place],
            before=read[place + 1] if place + 1 < len(read) else None,
            problems=refusals[one.version].problems if one.version in refusals else (),
            same_as=same.get(one.version),
        )
        for place, one in enumerate(found[:limit])
    ]
    return SettingsHistory(tuple(versions), schemas)


def change_in_words(
    installation: Installation, before: TenantSettings | None, after: TenantSettings
) -> tuple[Phrase, ...]:
    """What changes, with the labels that were described last; nothing without settings before."""
    if before is None:
        return ()
    with installation.database.tenant(after.tenant) as tx:
        schemas = labelled_schemas(read_schemas(tx))
    return change_phrases(before, after, schemas)


def settings_of_version(installation: Installation, tenant: str, version: int) -> TenantSettings:
    """The settings of that version. Raises NotFound when the tenant has no such version."""
    with installation.database.tenant(tenant) as tx:
        found, latest = get_settings(tx, version), latest_settings(tx)
    if found is None:
        raise _unknown(tenant, version, latest)
    return _settings(found)


def restored_draft(
    installation: Installation,
    tenant: str,
    version: int,
    *,
    base_version: int | None,
    connection: Connection | None,
) -> Draft:
    """An earlier version as a draft that begins from ``base_version``, the newest one.

    ``connection`` is that of the console now. It takes the place of the version's own if that was
    made in the console too: its consent is gone when the workspace was connected to another org
    since. The connection of a settings file is part of what is restored.
    """
    settings = settings_of_version(installation, tenant, version)
    hosts = installation.environment.sf_extra_hosts
    draft = replace(draft_of(settings, base_version), extra_hosts=hosts)
    is_of_console = settings.connection.flow is Flow.WEB_SERVER
    return with_connection(draft, connection) if connection and is_of_console else draft


def restore_version(
    installation: Installation,
    tenant: str,
    version: int,
    *,
    base_version: int | None,
    connection: Connection | None,
    author: str,
    clock: Clock = utc_now,
) -> Saved:
    """Registers an earlier version's settings as the newest version, without asking the org.

    ``base_version`` is the newest one that the user saw. Raises NotFound, SettingsFromFile (the
    settings come from a file), SettingsMoved (a newer version was saved since), SettingsInvalid
    (not valid any more under this installation's rules).
    """
    draft = restored_draft(
        installation, tenant, version, base_version=base_version, connection=connection
    )
    return save_settings(installation, draft, author=author, clock=clock)


def author_phrase(author: str) -> Phrase:
    """Who set a version, in words: a file's name, the console's user, or the command line."""
    if author.startswith(FILE_AUTHOR):
        return phrase(
            Text("設定ファイル {file}", "settings file {file}"),
            file=api_name(author.removeprefix(FILE_AUTHOR)),
        )
    if author == TERMINAL_AUTHOR:
        return words(Text("コマンドライン", "command line"))
    return name(author.removeprefix(CONSOLE_AUTHOR))


def _state(version: int, newest: int, in_effect: int | None, refused: set[int]) -> VersionState:
    if version == in_effect:
        return "in_effect"
    if version in refused:
        return "not_applied"
    return "waiting" if version == newest else "earlier"


def _settings(version: SettingsVersion) -> TenantSettings:
    return from_document(json.loads(version.document))


def _unknown(tenant: str, version: int, latest: SettingsVersion | None) -> NotFound:
    kept = Text("なし", "none")
    if latest is not None:
        kept = Text(f"1〜{latest.version}", f"1 to {latest.version}")
    return NotFound(
        "unknown_settings_version",
        tried=Text(
            f"テナント {tenant} の設定のバージョン{version}を見つけようとしました",
            f"Tried to find version {version} of the settings of {tenant}",
        ),
        came_back=Text(
            f"そのバージョンはありません。あるバージョン: {kept.ja}",
            f"There is no such version; the versions are: {kept.en}",
        ),
        remedy=Text(
            "バージョンの一覧から番号を選んでください", "Choose a number from the list of versions"
        ),
    )
