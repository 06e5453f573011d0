"""Settings from the console: drafts that are kept, and drafts that become a settings version.

Where a settings file exists the file wins: nothing is saved beside it. What does not belong
here: judging (``settings``, ``check``), pages (``console``).
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import Problem, UsageError
from flyle_sf_assets.refresh.context import Clock, utc_now
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change


class SettingsFromFile(UsageError):
    """The tenant's settings come from a file, which wins: change the file instead."""


class SettingsMoved(UsageError):
    """Somebody saved other settings since the draft was begun."""


@dataclass(frozen=True, slots=True)
class SettingsOrigin:
    """Where a tenant's settings come from.

    ``file`` is the settings file's name when there is one (then the console shows them
    read-only); ``author`` and ``saved_at`` are of the version that stands.
    """

    settings: TenantSettings | None
    version: int | None
    author: str | None
    saved_at: datetime | None
    file: str | None

    @property
    def is_read_only(self) -> bool:
        """Whether the console may only show them."""
        return self.file is not None


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a draft. ``version`` stands now; without changes it is the one before."""

    version: int
    is_new: bool
    changes: tuple[Change, ...]
    stale_assets: tuple[str, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as kept; ``by`` is who last changed it."""

    draft: Draft
    by: str
    saved_at: datetime


def settings_origin(installation: Installation, tenant: str) -> SettingsOrigin:
    """Where the settings come from; a file counts also when it cannot be used."""
    raise NotImplementedError


def changes_of(installation: Installation, draft: Draft) -> tuple[Change, ...]:
    """The draft against the version that stands. Raises SettingsInvalid for an unsound draft."""
    raise NotImplementedError


def save_settings(
    installation: Installation,
    draft: Draft,
    *,
    author: str,
    org: Org | None = None,
    clock: Clock = utc_now,
) -> Saved:
    """Makes the draft the tenant's settings and forgets the kept draft.

    ``author`` is who is there (``console:<sub>``). With ``org`` the settings are held against it
    first. Raises SettingsFromFile, SettingsInvalid (every problem, with paths), PlanNotEligible,
    SettingsMoved when another version stands than the draft began from.
    """
    raise NotImplementedError


def keep_draft(
    installation: Installation, draft: Draft, *, by: str, clock: Clock = utc_now
) -> None:
    """Keeps the draft, in the place of the one before. Raises SettingsFromFile."""
    raise NotImplementedError


def kept_draft(installation: Installation, tenant: str) -> KeptDraft | None:
    """The tenant's kept draft, None when there is none."""
    raise NotImplementedError


def drop_draft(installation: Installation, tenant: str) -> None:
    """Forgets the kept draft; without one nothing happens."""
    raise NotImplementedError
