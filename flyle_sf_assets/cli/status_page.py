"""``flyle-sf status TENANT``: everything that a person asks about one tenant, on one page.

What does not belong here: the table of all tenants (``status.py``), and computing a status
(``sync/state/tenant_status.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as RichText

from flyle_sf_assets.cli.status_words import (
    companies_in_words,
    next_attempt,
    reason,
    reasons,
    state_in_words,
)
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local, local_with_distance
from flyle_sf_assets.cli.terminal.output import listing, printable, to_stdout
from flyle_sf_assets.console.labels import (
    OBJECTS,
    SYNC_KINDS,
    SYNC_STATES,
)
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.syncs.api_usage import OrgUsage, read_usage
from flyle_sf_assets.store.syncs.syncs import Sync, latest_syncs
from flyle_sf_assets.store.tenants.connections import ConnectionState, get_connection
from flyle_sf_assets.store.tenants.settings_files import FILE_AUTHOR
from flyle_sf_assets.store.tenants.settings_versions import SettingsVersion, latest_settings
from flyle_sf_assets.sync.state.tenant_status import TenantStatus
from flyle_sf_assets.tenants.api_budget import Budget
from flyle_sf_assets.tenants.registration import settings_in

SYNCS_SHOWN = 5
INTERRUPTS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
"""What a sync's row says after Ctrl-C, Terminate or a deploy."""


@dataclass(frozen=True, slots=True)
class TenantDetails:
    """One tenant at the moment ``now``; ``usage`` are API requests of 24 hours."""

    status: TenantStatus
    settings: TenantSettings | None
    version: SettingsVersion | None
    connection: ConnectionState | None
    syncs: tuple[Sync, ...]
    usage: OrgUsage
    now: datetime


def tenant_details(
    opened: Installation, status: TenantStatus, *, clock: Clock = utc_now
) -> TenantDetails:
    """What the page shows in addition to the tenant's status."""
    now, tenant = clock(), status.link.tenant_id
    with opened.database.fleet() as fleet:
        usage = read_usage(fleet, [tenant], now).get(tenant, OrgUsage(tenant))
    with opened.database.tenant(tenant) as tx:
        return TenantDetails(
            status=status,
            settings=settings_in(tx),
            version=latest_settings(tx),
            connection=get_connection(tx),
            syncs=latest_syncs(tx, limit=SYNCS_SHOWN),
            usage=usage,
            now=now,
        )


def print_page(details: TenantDetails) -> None:
    """The page; it fits 80 columns."""
    console = to_stdout()
    console.print(_heading(details))
    console.print()
    console.print(_facts(details))
    if details.syncs:
        console.print()
        console.print(_syncs(details.syncs))
    for why in (*_last_failure(details), *reasons(details.status)):
        console.print()
        console.print(why)


def _last_failure(details: TenantDetails) -> Iterator[RenderableType]:
    """Why the newest sync did not end well, while no item that needs a person says it."""
    last = next(iter(details.syncs), None)
    is_said = any(item.of_sync for item in details.status.link.attention)
    if last is None or last.error is None or last.state in ("done", "running") or is_said:
        return
    # English first, then Japanese, each with its code (`FlyleError.__str__`).
    lines = last.error.splitlines()
    told = lines[-1] if language() == "ja" else lines[0]
    if told in INTERRUPTS:
        told = say("中断されました。次の同期は続きから始まります。", "It was interrupted.")
    state = SYNC_STATES[last.state].in_language(language())
    title = say(f"前回の同期 ({state})", f"The last sync ({state.lower()})")
    yield reason(title, told)


def _heading(details: TenantDetails) -> RichText:
    link = details.status.link
    name = details.settings.display_name if details.settings else None
    line = RichText(link.tenant_id, style="bold")
    if name:
        line.append_text(RichText.assemble("  ", printable(name)))
    return line.append("  ").append_text(state_in_words(link.state))


def _facts(details: TenantDetails) -> Table:
    """Names on the left, values on the right; long values wrap."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in _named(details):
        table.add_row(name.in_language(language()), value)
    return table


def _named(details: TenantDetails) -> Iterator[tuple[Text, RenderableType]]:
    status, link, now = details.status, details.status.link, details.now
    usage, of_org = details.usage, _of_org(details)
    yield Text("組織", "Org"), printable(_org(details))
    yield Text("Salesforceユーザー", "Salesforce user"), printable(_user(details))
    yield Text("設定", "Settings"), printable(_version(details))
    yield Text("元オブジェクト", "Base object"), _object(details)
    yield Text("最終同期", "Last sync"), local_with_distance(link.last_synced_at, now)
    yield Text("次の同期", "Next attempt"), _next(details)
    yield Text("企業", "Companies"), companies_in_words(status.companies)
    yield Text("取り込めない値", "Rejected values"), f"{status.rejected:,}"
    if status.rolled_back:
        yield Text("巻き戻した値", "Rolled back"), _rolled_back(status)
    yield (
        Text("API呼び出し", "API calls"),
        say(
            f"24時間に {usage.used_by_tenant:,} 回{of_org.ja}",
            f"{usage.used_by_tenant:,} in 24 h{of_org.en}",
        ),
    )
    if status.stale_assets:
        yield Text("未反映のアセット", "Stale assets"), ", ".join(status.stale_assets)


def _rolled_back(status: TenantStatus) -> str:
    """Which syncs keep how many values from Salesforce; the newest first."""
    parts = [
        say(f"同期 {number} の {values:,} 件", f"{values:,} values of sync {number}")
        for number, values in sorted(status.rolled_back.items(), reverse=True)
    ]
    more = say("(Salesforceで変わるまで維持)", " (until Salesforce changes them)")
    return say("、", ", ").join(parts) + more


def _of_org(details: TenantDetails) -> Text:
    """What the org reported, and how much of it all its tenants may use."""
    usage, settings = details.usage, details.settings
    if usage.daily_max is None or usage.used_by_org is None or settings is None:
        return Text("", "")
    cap = Budget(usage, settings.api_budget.share, 0).cap
    return Text(
        f" (組織全体 {usage.used_by_org:,} / {usage.daily_max:,}、連携の上限 {cap:,})",
        f" (the org used {usage.used_by_org:,} of {usage.daily_max:,}; our cap {cap:,})",
    )


def _org(details: TenantDetails) -> str:
    connection, settings = details.connection, details.settings
    url = settings.connection.org_url if settings else connection.org_url if connection else "-"
    known = [connection.org_name if connection else None, details.status.link.org_id]
    named = ", ".join(part for part in known if part)
    return f"{url} ({named})" if named else url


def _user(details: TenantDetails) -> str:
    settings, connection = details.settings, details.connection
    flow = settings.connection.flow.value if settings else connection.flow if connection else "-"
    name = settings.connection.username if settings else None
    if connection is not None:
        name = connection.username
    if name is None and flow == "client_credentials":
        name = say("アプリの実行ユーザー", "the app's run-as user")
    return f"{name} ({flow})" if name else flow


def _version(details: TenantDetails) -> str:
    version = details.version
    if version is None:
        return "-"
    author = version.author.removeprefix(FILE_AUTHOR)
    return say(
        f"バージョン {version.version} ({author}、{local(version.created_at)})",
        f"version {version.version} ({author}, {local(version.created_at)})",
    )


def _object(details: TenantDetails) -> str:
    name = details.status.link.source_object or (
        details.settings.source.object if details.settings else None
    )
    return "-" if name is None else OBJECTS[name].in_language(language())


def _next(details: TenantDetails) -> str:
    """By the interval, after a back-off, or not before a person acts."""
    status = details.status
    if status.is_stopped:
        return say(
            "停止中 (下の対処のあとに再開します)",
            "stopped, until a person has done what is said below",
        )
    return next_attempt(status, local_with_distance(status.next_attempt_at, details.now))


def _syncs(syncs: tuple[Sync, ...]) -> Table:
    table = listing(gap=1)
    table.add_column(say("番号", "sync"), justify="right", no_wrap=True)
    for name in (say("開始", "started"), say("種類", "kind"), say("結果", "result")):
        table.add_column(name, no_wrap=True)
    for name in (
        say("取得", "pulled"),
        say("新規", "created"),
        say("変更", "changed"),
        say("終了", "gone"),
        say("除外", "rejected"),
        "API",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for sync in syncs:
        figures = (sync.pulled, sync.created, sync.changed, sync.gone, sync.rejected)
        table.add_row(
            str(sync.sync_id),
            f"{sync.started_at.astimezone():%m-%d %H:%M}",
            SYNC_KINDS[sync.kind].in_language(language()),
            SYNC_STATES[sync.state].in_language(language()),
            *(f"{one:,}" for one in (*figures, sync.api_calls)),
        )
    return table
