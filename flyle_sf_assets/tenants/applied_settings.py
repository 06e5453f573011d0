"""Which settings a refresh works with: the newest, or those that work while the newest do not fit.

A version takes effect when the org fits it. One that does not fit is refused: the version in effect
goes on, the link says why, and every refresh compares the refused one again. Without a version in
effect there is nothing to go on with, and nothing is refused: the refresh fails.

What does not belong here: comparing (``check``, ``sync/steps/object_schemas.py``) and registering
(``registration.py``).
"""

import json
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.errors import FlyleError, Problem, Text, sentences
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import from_document
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.settings_in_effect import (
    Refusal,
    put_in_effect,
    put_refusal,
    refusal_of_newest,
    version_in_effect,
)
from flyle_sf_assets.store.tenants.links import (
    Attention,
    add_attention,
    clear_attention,
    put_link,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.store.tenants.settings_changes import record_taken_over
from flyle_sf_assets.store.tenants.settings_versions import (
    SettingsVersion,
    get_settings,
    latest_settings,
)

NOT_APPLIED = "settings_not_applied"
"""The attention of a link whose newest settings are not in effect."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Settings with the number of their version."""

    settings: TenantSettings
    version: int

    @staticmethod
    def of(kept: SettingsVersion) -> "Numbered":
        """A stored version."""
        return Numbered(from_document(json.loads(kept.document)), kept.version)


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings to work with, and the other ones, if any.

    ``fallback`` are in effect and go on if ``first`` do not fit; None when ``first`` are in effect,
    or when no version is. ``refused`` are newer than ``first`` and did not fit, for the reasons
    in ``refusal``. ``newest`` is the number of the newest version.
    """

    first: Numbered
    newest: int
    fallback: Numbered | None = None
    refused: Numbered | None = None
    refusal: Refusal | None = None

    def is_comparison_due(self, now: datetime, *, every_s: float) -> bool:
        """Whether refused settings have to be compared again: only the org can have changed."""
        if self.refusal is None:
            return False
        return (now - self.refusal.compared_at).total_seconds() >= every_s


def choice_of(tx: TenantTransaction) -> Choice | None:
    """What the tenant's next refresh works with; None without settings."""
    latest = latest_settings(tx)
    if latest is None:
        return None
    newest, number = Numbered.of(latest), version_in_effect(tx)
    is_newest = number is None or number == latest.version
    kept = None if is_newest or number is None else get_settings(tx, number)
    if kept is None:
        return Choice(newest, newest.version)
    in_effect, refusal = Numbered.of(kept), refusal_of_newest(tx)
    if refusal is None:
        return Choice(newest, newest.version, fallback=in_effect)
    return Choice(in_effect, newest.version, refused=newest, refusal=refusal)


def is_fit_as_before(tx: TenantTransaction, settings: TenantSettings) -> bool:
    """Whether these settings ask the org for exactly what the version in effect asks.

    Then they need no comparison: an interval, for example, takes effect at once.
    """
    number = version_in_effect(tx)
    kept = None if number is None else get_settings(tx, number)
    if kept is None:
        return False
    in_effect = Numbered.of(kept).settings
    return in_effect.connection == settings.connection and part_digests(in_effect) == part_digests(
        settings
    )


def take_effect(
    tx: TenantTransaction, numbered: Numbered, now: datetime, *, sync_id: int | None = None
) -> None:
    """The org fits this version: the tenant is refreshed with it from now on.

    ``sync_id`` is the refresh that found it out, None for a version that needed none.
    """
    put_in_effect(tx, numbered.version)
    put_link(tx, settings_version=numbered.version, source_object=numbered.settings.source.object)
    if sync_id is not None:
        record_taken_over(tx, numbered.version, sync_id, now)
    clear_attention(tx, NOT_APPLIED)


def refuse(
    tx: TenantTransaction,
    version: int,
    problems: tuple[Problem, ...],
    in_effect: int,
    now: datetime,
) -> None:
    """The org does not fit this version: it is kept, with every problem, and people are told."""
    errors = tuple(one for one in problems if one.severity == "error")
    put_refusal(tx, version, errors, now)
    latest = latest_settings(tx)
    if latest is None or latest.version != version:
        return  # a newer version is compared next
    item = _attention(version, errors, in_effect)
    if add_attention(tx, [item], now):
        add_notice(
            tx,
            "attention",
            Text("新しい設定を適用できません", "New settings cannot be applied"),
            Text(f"{item.message.ja}\n{item.remedy.ja}", f"{item.message.en}\n{item.remedy.en}"),
            now,
        )


def _attention(version: int, errors: tuple[Problem, ...], in_effect: int) -> Attention:
    return Attention(
        NOT_APPLIED,
        None,
        None,
        Text(
            f"設定のバージョン{version}は、Salesforceの組織に合わないため適用していません。"
            f"バージョン{in_effect}で連携を続けています。\n{lines(errors).ja}",
            f"Version {version} of the settings is not applied, because the org does not fit it."
            f" Version {in_effect} goes on.\n{lines(errors).en}",
        ),
        Text(
            "設定かSalesforceの組織を直してください。組織に合うようになると自動的に適用されます。",
            "Correct the settings, or the org. The version is applied by itself once it fits.",
        ),
    )


def problem_of(error: FlyleError) -> Problem:
    """A connection that cannot be used, as a problem of the settings that name it."""
    return Problem(
        error.code,
        "connection",
        error.history,
        error.remedy,
    )


def lines(problems: tuple[Problem, ...]) -> Text:
    """Each problem with its remedy, one a line."""
    return Text(
        "\n".join(f"- {_place(p)}{sentences(p.message, p.remedy).ja}" for p in problems),
        "\n".join(f"- {_place(p)}{sentences(p.message, p.remedy).en}" for p in problems),
    )


def _place(problem: Problem) -> str:
    return f"{problem.place}: " if problem.place else ""
