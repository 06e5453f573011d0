"""Settings from the console: stored drafts, and drafts that become a settings version.

Where a settings file exists the file wins: the console saves nothing.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.check.parts import affected_assets
from flyle_sf_assets.errors import Problem, SettingsInvalid, Text, UsageError
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings import loading
from flyle_sf_assets.settings.drafts import Draft, validate_draft
from flyle_sf_assets.settings.loading import cannot_be_used
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change, diff, digest, document, from_document
from flyle_sf_assets.store.syncs.settings_in_effect import current_settings
from flyle_sf_assets.store.tenants.settings_drafts import (
    StoredDraft,
    delete_draft,
    get_draft,
    put_draft,
)
from flyle_sf_assets.store.tenants.settings_versions import (
    SettingsVersion,
    latest_settings,
    lock_settings,
    register_settings,
)
from flyle_sf_assets.tenants.registration import note_on_link
from flyle_sf_assets.tenants.settings_check import describe_reachable


class SettingsFromFile(UsageError):
    """The tenant's settings come from a file, which wins: change the file instead."""


class SettingsMoved(UsageError):
    """Another user saved other settings since the draft was begun."""


@dataclass(frozen=True, slots=True)
class SettingsOrigin:
    """Where a tenant's settings come from.

    ``file`` is the settings file's name when there is one (then the console shows them
    read-only); ``version``, ``author`` and ``saved_at`` are of the current settings. ``newest`` is
    the number of the newest version, which is another one while the org does not fit it.
    """

    settings: TenantSettings | None
    version: int | None
    author: str | None
    saved_at: datetime | None
    file: str | None
    newest: int | None

    @property
    def is_read_only(self) -> bool:
        """Whether the console may only show them."""
        return self.file is not None


@dataclass(frozen=True, slots=True)
class Saved:
    """The result of saving a draft. ``version`` is current now; without changes, as before."""

    version: int
    is_new: bool
    changes: tuple[Change, ...]
    stale_assets: tuple[str, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as stored; ``by`` is who last changed it."""

    draft: Draft
    by: str
    saved_at: datetime


def settings_origin(installation: Installation, tenant: str) -> SettingsOrigin:
    """Where the settings come from; a file counts also when it cannot be used."""
    file = settings_file(installation.environment, tenant)
    with installation.database.tenant(tenant) as tx:
        latest, current = latest_settings(tx), current_settings(tx)
    return SettingsOrigin(
        settings=None if current is None else from_document(json.loads(current.document)),
        version=None if current is None else current.version,
        author=None if current is None else current.author,
        saved_at=None if current is None else current.created_at,
        file=None if file is None else file.name,
        newest=None if latest is None else latest.version,
    )


def settings_file(environment: Environment, tenant: str) -> Path | None:
    """Path of the tenant's settings file, None when there is none."""
    return loading.settings_file(environment.config_dir, tenant)


def required(draft: Draft) -> TenantSettings:
    """The draft's settings; raises SettingsInvalid, or PlanNotEligible when it is only the plan."""
    validated = validate_draft(draft)
    if validated.settings is None:
        raise cannot_be_used(draft.tenant, validated.problems)
    return validated.settings


def save_settings(
    installation: Installation,
    draft: Draft,
    *,
    author: str,
    org: Org | None = None,
    clock: Clock = utc_now,
) -> Saved:
    """Makes the draft the tenant's settings and deletes the stored draft.

    ``author`` is the user (``console:<sub>``). With ``org`` the settings are first compared with
    it. Raises SettingsFromFile, SettingsInvalid (every problem, with paths), PlanNotEligible,
    SettingsMoved when the current version is not the one that the draft began from.
    """
    tenant, draft = draft.tenant, _of(installation, draft)
    _refuse_beside_file(installation, tenant)
    validated = validate_draft(draft)
    settings = required(draft)
    found = [*validated.problems, *(() if org is None else problems_in(org, settings))]
    if any(problem.severity == "error" for problem in found):
        raise SettingsInvalid(tenant, tuple(found))
    with installation.database.tenant(tenant) as tx:
        lock_settings(tx)
        latest = latest_settings(tx)
        newest = None if latest is None else latest.version
        if newest != draft.base_version:
            raise _moved(tenant, newest, None if latest is None else latest.author)
        current = current_settings(tx)
        before = None if current is None else from_document(json.loads(current.document))
        text = json.dumps(document(settings), ensure_ascii=False)
        now = clock()
        made = register_settings(
            tx, text, digest(settings), author, now, is_reordered=_is_reordered(latest, settings)
        )
        note_on_link(tx, made, settings, installation.environment, now)
        delete_draft(tx)
    return Saved(
        version=made.version,
        is_new=made.is_new,
        changes=diff(before, settings),
        stale_assets=affected_assets(before, settings) if made.is_new else (),
        warnings=tuple(found),
    )


def problems_in(org: Org, settings: TenantSettings) -> tuple[Problem, ...]:
    """Everything in the settings that this org does not allow; one call per 25 objects."""
    schemas = describe_reachable(org, settings)
    return problems(settings, plan(settings, schemas), schemas)


def keep_draft(
    installation: Installation, draft: Draft, *, by: str, clock: Clock = utc_now
) -> None:
    """Stores the draft and replaces the one before. Raises SettingsFromFile."""
    _refuse_beside_file(installation, draft.tenant)
    text = json.dumps(dict(draft.document), ensure_ascii=False)
    with installation.database.tenant(draft.tenant) as tx:
        put_draft(tx, StoredDraft(text, draft.base_version, by, clock()))


def kept_draft(installation: Installation, tenant: str) -> KeptDraft | None:
    """The tenant's stored draft, None when there is none."""
    with installation.database.tenant(tenant) as tx:
        stored = get_draft(tx)
    if stored is None:
        return None
    draft = Draft(json.loads(stored.document), stored.base_version)
    return KeptDraft(_of(installation, draft), stored.author, stored.saved_at)


def drop_draft(installation: Installation, tenant: str) -> None:
    """Deletes the stored draft; without one nothing happens."""
    with installation.database.tenant(tenant) as tx:
        delete_draft(tx)


def _is_reordered(latest: SettingsVersion | None, settings: TenantSettings) -> bool:
    """Whether the mappings are in another order than in the newest version."""
    if latest is None:
        return False
    before = from_document(json.loads(latest.document)).mapping
    return [one.to for one in before] != [one.to for one in settings.mapping]


def _of(installation: Installation, draft: Draft) -> Draft:
    """The draft as checked by this installation."""
    return replace(draft, extra_hosts=installation.environment.sf_extra_hosts)


def _refuse_beside_file(installation: Installation, tenant: str) -> None:
    file = settings_file(installation.environment, tenant)
    if file is None:
        return
    raise SettingsFromFile(
        "settings_from_file",
        tried=Text(
            f"テナント {tenant} の設定を保存しようとしました", f"Tried to save settings of {tenant}"
        ),
        came_back=Text(
            f"設定はファイル {file.name} で管理されており、ファイルが優先されます",
            f"The settings come from {file.name}, and the file wins",
        ),
        remedy=Text(
            f"{file.name} を変更して flyle-sf apply を実行してください",
            f"Change {file.name} and run flyle-sf apply",
        ),
    )


def _moved(tenant: str, current: int | None, author: str | None) -> SettingsMoved:
    return SettingsMoved(
        "settings_moved",
        tried=Text(
            f"テナント {tenant} の設定を保存しようとしました", f"Tried to save settings of {tenant}"
        ),
        came_back=Text("設定はもうありません", "No settings stand any more")
        if current is None
        else Text(
            f"この間に「{author}」がバージョン{current}を保存しました",
            f"Version {current} was saved meanwhile, by “{author}”",
        ),
        remedy=Text(
            "現在の設定を確認し、もう一度変更してください",
            "Look at the settings that stand now and make the change again",
        ),
    )
