"""「Salesforce連携ができません」: on which side an error is, what to do, and who can help."""

import copy
from dataclasses import dataclass
from typing import Literal, TypeVar

from flyle_sf_assets.errors import (
    FlyleError,
    IncompleteRead,
    Postponed,
    SettingsInvalid,
    StoreError,
    Text,
    UsageError,
    sentences,
)

Side = Literal["salesforce", "flyle", "network"]
Error = TypeVar("Error", bound=FlyleError)

TITLE = Text("Salesforce連携ができません", "The Salesforce link does not work")

_ADMINISTRATOR = Text("管理者(「すべてのデータの編集」)", "administrator (Modify All Data)")
_API = Text("「APIの有効化」", "API Enabled")
_READ = Text("オブジェクトと項目の参照", "reading the object and its fields")
_APP_USE = Text("アプリケーションの使用", "using the app")
_PLAN = Text("エンタープライズプランまたはプロフェッショナルプラン", "Enterprise or Professional")

_RIGHTS: dict[str, tuple[Side, Text]] = {
    "salesforce_admin_required": ("salesforce", _ADMINISTRATOR),
    "api_disabled": ("salesforce", _API),
    "right_missing": ("salesforce", _READ),
    "object_refused": ("salesforce", _READ),
    "field_refused": ("salesforce", _READ),
    "consent_denied": ("salesforce", Text("アクセスの許可", "the consent")),
    "app_not_installed": ("salesforce", _APP_USE),
    "app_not_allowed": ("salesforce", _APP_USE),
    "access_restricted": ("salesforce", Text("API の使用", "the use of the API")),
    "view_all_missing": ("salesforce", Text("「すべて表示」", "View All")),
    "scope_missing": (
        "salesforce",
        Text("OAuth 範囲 api と refresh_token", "the OAuth scopes api and refresh_token"),
    ),
    "user_inactive": ("salesforce", Text("ユーザーの有効化", "an active user")),
    "ip_restricted": ("salesforce", Text("接続元 IP の許可", "our IP addresses")),
    "plan_not_eligible": ("flyle", _PLAN),
}
_ON_OUR_SIDE = frozenset(
    {
        "app_keys_missing",
        "disconnected",
        "flow_without_tokens",
        "no_settings",
        "no_stored_token",
        "org_changed",
        "private_key_invalid",
        "secret_missing",
        "secret_ref_invalid",
        "state_unknown",
        "unknown_tenant",
    }
)
_SIDES = {
    "salesforce": Text("Salesforce側", "on the Salesforce side"),
    "flyle": Text("Flyle側", "on the Flyle side"),
    "network": Text("通信", "on the way there"),
}


@dataclass(frozen=True, slots=True)
class LinkRefusal:
    """What a page shows of an error. ``right`` is the missing right, None when none is missing."""

    code: str
    title: Text
    side: Side
    right: Text | None
    message: Text
    remedy: Text
    contact: str


def refusal_of(error: FlyleError, contact: str) -> LinkRefusal:
    """The error in words for the administrator."""
    side, right = _RIGHTS.get(error.code, (_side_of(error), None))
    named = _SIDES[side]
    lacking_ja = f"(権限:{right.ja})" if right else ""
    lacking_en = f" (missing: {right.en})" if right else ""
    return LinkRefusal(
        code=error.code,
        title=TITLE,
        side=side,
        right=right,
        message=Text(
            f"{named.ja}{lacking_ja}: {error.history.ja}",
            f"{named.en}{lacking_en}: {error.history.en}",
        ),
        remedy=sentences(
            error.remedy,
            Text(
                f"解決しない場合は {contact} までお問い合わせください",
                f"If that does not help, write to {contact}",
            ),
        ),
        contact=contact,
    )


def explained(error: Error, contact: str) -> Error:
    """The same error, class and code, in those words. Settings problems stay as they are."""
    if isinstance(error, SettingsInvalid) or error.tried.ja.startswith(TITLE.ja):
        return error
    refusal = refusal_of(error, contact)
    side, right = _SIDES[refusal.side], refusal.right
    made = copy.copy(error)
    made.tried = Text(
        f"{TITLE.ja}[{side.ja}{f'・権限:{right.ja}' if right else ''}] {error.tried.ja}",
        f"{TITLE.en} [{side.en}{f'; missing: {right.en}' if right else ''}] {error.tried.en}",
    )
    made.remedy = refusal.remedy
    made.args = (made.in_language("en"),)
    return made


def _side_of(error: FlyleError) -> Side:
    if isinstance(error, Postponed | IncompleteRead):
        return "network"
    is_ours = isinstance(error, StoreError | UsageError) or error.code in _ON_OUR_SIDE
    return "flyle" if is_ours else "salesforce"
