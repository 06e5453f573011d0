"""The API budget: whether a sync may call the org now, or is postponed, and until when.

A sync may start if our requests of 24 hours and its forecast stay within the tenant's share of the
org's daily limit (``api_budget.max_share``), and if the org itself has used less than 90 % of it.
All tenants of an org count together. A postponed tenant asks once an hour, by its
idle check or by the one call of `require_budget`: the answer has the org's figure. A nightly
comparison that does not fit is left out and delays no refresh: small syncs run where a large one
has to wait.

What does not belong here: the ledger (``store/syncs/api_usage.py``), and Salesforce's own refusal
when the limit is reached (``salesforce/errors``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import floor
from zoneinfo import ZoneInfo

from flyle_sf_assets.errors import ApiBudgetSpent, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction
from flyle_sf_assets.store.syncs.api_usage import (
    DAY,
    HourOfCalls,
    OrgUsage,
    hours_of_org,
    most_calls_lately,
    read_usage,
)
from flyle_sf_assets.store.syncs.syncs import SyncKind
from flyle_sf_assets.store.tenants.links import Attention, clear_attention, replace_attention

SPENT = "api_budget_spent"
"""The code of the error and of the item on the link."""

LOOK_AGAIN = timedelta(hours=1)

ORG_SHARE_MAX = Decimal("0.9")
"""Above this share of its limit nothing is read: the org's other integrations come first."""

_FORECASTS: dict[SyncKind, int] = {"initial": 50, "full": 50, "census": 50}
_FORECAST_SMALL = 10
"""Before a tenant's first sync of a kind: measured ones of sample orgs took less."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one sync of a tenant may use now. Requests of 24 hours; shares from 0 to 1.

    ``forecast`` are the requests that the sync is expected to need. ``hours`` are ours by the hour,
    only read where the budget is spent.
    """

    usage: OrgUsage
    share: Decimal
    forecast: int
    hours: tuple[HourOfCalls, ...] = ()

    @property
    def cap(self) -> int | None:
        """The most requests that we may use; None before the org reported its limit."""
        limit = self.usage.daily_max
        return None if limit is None else floor(limit * self.share)

    @property
    def is_share_spent(self) -> bool:
        """Whether the sync would exceed our share."""
        return self.cap is not None and self.usage.used_by_us + self.forecast > self.cap

    @property
    def is_org_nearly_full(self) -> bool:
        """Whether the org, with all its integrations, is close to its limit."""
        used, limit = self.usage.used_by_org, self.usage.daily_max
        return used is not None and limit is not None and used > limit * ORG_SHARE_MAX

    def is_reading_old(self, now: datetime) -> bool:
        """Whether the org has to be asked again before its figure postpones a sync."""
        read_at = self.usage.read_at
        return read_at is None or read_at <= now - LOOK_AGAIN

    @property
    def figures(self) -> dict[str, int]:
        """What is worth plotting: our requests of 24 hours, and the most that we may use."""
        cap = self.cap
        return {} if cap is None else {"api_calls_24h": self.usage.used_by_us, "api_cap": cap}

    @property
    def is_spent(self) -> bool:
        """Whether the sync is postponed."""
        return self.is_share_spent or self.is_org_nearly_full

    def free_at(self, now: datetime) -> datetime:
        """When the sync fits again, as far as it is known: our oldest hours stop counting.

        One hour from now where it is not: the org's other integrations decide, or the forecast
        alone is more than the cap.
        """
        cap = self.cap
        if self.is_org_nearly_full or cap is None or not self.is_share_spent:
            return now + LOOK_AGAIN
        left = self.usage.used_by_us + self.forecast - cap
        for one in self.hours:
            left -= one.calls
            if left <= 0:
                return max(one.hour + DAY + LOOK_AGAIN, now)
        return now + LOOK_AGAIN


def budget_of(
    tx: FleetTransaction, settings: TenantSettings, kind: SyncKind, now: datetime
) -> Budget:
    """The budget of a sync of that kind."""
    tenant = settings.tenant
    usage = read_usage(tx, [tenant], now).get(tenant, OrgUsage(tenant))
    default = _FORECASTS.get(kind, _FORECAST_SMALL)
    forecast = most_calls_lately(tx, tenant, kind) or default
    budget = Budget(usage, settings.api_budget.share, forecast)
    if not budget.is_share_spent or usage.org_id is None:
        return budget
    hours = hours_of_org(tx, usage.org_id, now)
    return Budget(usage, settings.api_budget.share, forecast, hours)


def require_budget(
    installation: Installation,
    settings: TenantSettings,
    kind: SyncKind,
    now: datetime,
    *,
    renew: Callable[[], None] | None = None,
) -> Budget:
    """The budget of a sync of that kind; ApiBudgetSpent ``api_budget_spent`` when it must wait.

    ``renew`` asks the org for its figure by one call, and stores it: an old one postpones no sync.
    Without it the sync that follows asks.
    """
    with installation.database.fleet() as tx:
        budget = budget_of(tx, settings, kind, now)
    if budget.is_org_nearly_full and not budget.is_share_spent and budget.is_reading_old(now):
        if renew is None:
            return budget
        renew()
        with installation.database.fleet() as tx:
            budget = budget_of(tx, settings, kind, now)
    if budget.is_spent:
        raise _spent(budget, settings, kind, now)
    return budget


def delays_refreshes(error: BaseException, kind: str) -> bool:
    """Whether the tenant waits: not for the budget of a comparison or a full read."""
    is_ours = isinstance(error, ApiBudgetSpent) and error.code == SPENT
    return not is_ours or kind in ("initial", "refresh")


def note_postponed(tx: TenantTransaction, error: ApiBudgetSpent, now: datetime) -> None:
    """Shows on the link why and until when the tenant waits."""
    message = error.history
    item = Attention(SPENT, None, None, message, error.remedy)
    replace_attention(tx, (SPENT,), [item], now)


def forget_postponed(tx: TenantTransaction) -> None:
    """After a sync or an idle check: the tenant does not wait any more."""
    clear_attention(tx, SPENT)


def _spent(
    budget: Budget, settings: TenantSettings, kind: SyncKind, now: datetime
) -> ApiBudgetSpent:
    usage, tenant = budget.usage, settings.tenant
    until = budget.free_at(now)
    zone = ZoneInfo(settings.time_zone)
    at = f"{until.astimezone(zone):%Y-%m-%d %H:%M} ({settings.time_zone})"
    if budget.is_org_nearly_full:
        came_back = Text(
            f"組織は24時間で {usage.daily_max:,} 回のうち {usage.used_by_org:,} 回の"
            "リクエストを使っています",
            f"the org has used {usage.used_by_org:,} of its {usage.daily_max:,} requests in 24 h",
        )
        wait = Text(
            "組織のほかの連携を優先して待ちます。1 時間ごとに確認し、"
            "余裕ができれば自動的に再開します",
            "It waits for the org's other integrations, looks once an hour, and goes on by itself",
        )
    else:
        share = settings.api_budget.max_share
        came_back = Text(
            f"24時間で {budget.cap:,} 回 ({usage.daily_max:,} 回の {share}) のうち"
            f" {usage.used_by_us:,} 回を使っており、この同期に約 {budget.forecast:,} 回が必要です",
            f"{usage.used_by_us:,} of {budget.cap:,} requests used in 24 h"
            f" ({share} of {usage.daily_max:,}), and this needs about {budget.forecast:,}",
        )
        wait = Text(
            f"{at} 以降に自動的に再開します。"
            "急ぐ場合は設定の api_budget.max_share を増やしてください",
            f"It goes on by itself from {at}. If it is urgent, raise api_budget.max_share in the"
            " settings",
        )
    error = ApiBudgetSpent(
        SPENT,
        tried=Text(
            f"テナント {tenant} を同期しようとしました ({kind})", f"Tried to sync {tenant} ({kind})"
        ),
        came_back=came_back,
        remedy=wait,
    )
    error.retry_at = min(until, now + LOOK_AGAIN)
    return error
