"""The settings that a tenant would have next: its file, a console draft, or the current version."""

from dataclasses import dataclass

from flyle_sf_assets.errors import NotConnected, Problem, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.drafts import validate_draft
from flyle_sf_assets.settings.loading import load_tenant, tenants_of_files
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.tenants.settings_drafts import (
    kept_draft,
    required,
    settings_file,
    settings_origin,
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """Settings that may be applied next, with ``warnings`` about them."""

    settings: TenantSettings
    warnings: tuple[Problem, ...] = ()


def drafted_settings(installation: Installation, tenant: str) -> Drafted:
    """The settings file when there is one, else the saved draft, else the current version.

    Raises SettingsInvalid or PlanNotEligible when they cannot be used, NotConnected when the
    tenant has none.
    """
    file = settings_file(installation.environment, tenant)
    if file is not None:
        loaded = load_tenant(file, installation.environment.sf_extra_hosts)
        return Drafted(loaded.require(), loaded.problems)
    kept = kept_draft(installation, tenant)
    if kept is not None:
        return Drafted(required(kept.draft), validate_draft(kept.draft).problems)
    current = settings_origin(installation, tenant).settings
    if current is not None:
        return Drafted(current)
    known = ", ".join(tenants_of_files(installation.environment.config_dir)) or "none"
    raise NotConnected(
        "unknown_tenant",
        tried=Text(
            f"テナント {tenant} の設定を見つけようとしました",
            f"Tried to find the settings of {tenant}",
        ),
        came_back=Text(
            f"{tenant}.yaml も、保存済みの設定もありません。ファイル: {known}",
            f"There is no {tenant}.yaml, and no settings are kept. Files: {known}",
        ),
        remedy=Text(
            f"{tenant}.yaml を用意するか、連携画面で設定してください",
            f"Write {tenant}.yaml, or set the tenant up in the console",
        ),
    )
