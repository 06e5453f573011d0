"""What ``flyle-sf status`` says about a tenant: its state, its next attempt, reason and remedy.

What does not belong here: the table of tenants (``status.py``) and the page of one
(``status_page.py``).
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import REMEDY, explanation
from flyle_sf_assets.console.labels import COMPANY_STATUSES, LINK_STATES
from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.tenants.links import Attention
from flyle_sf_assets.sync.state.tenant_status import TenantStatus

STATE_COLOURS = {"linked": "green", "failing": "red", "held": "yellow"}


def state_in_words(state: str) -> RichText:
    """The state of a link, in its colour."""
    return RichText(LINK_STATES[state].in_language(language()), style=STATE_COLOURS.get(state, ""))


def companies_in_words(companies: dict[str, int]) -> str:
    """``9,998 linked, 12 out of scope``: every status that there is."""
    words = [
        say(f"{text.ja} {companies[status]:,}", f"{companies[status]:,} {text.en.lower()}")
        for status, text in COMPANY_STATUSES.items()
        if companies.get(status)
    ]
    return say("、", ", ").join(words) or "0"


def next_attempt(status: TenantStatus, at: str) -> str:
    """``at`` with the failures so far; or why there is no next attempt."""
    if status.is_stopped:
        return say("停止中", "stopped")
    if status.link.state == "disconnected" or status.next_attempt_at is None:
        return say("なし", "none")
    failures = status.link.failures
    return at + (say(f" ({failures}回失敗)", f" (failed {failures}×)") if failures else "")


def reasons(status: TenantStatus) -> Iterator[RenderableType]:
    """Why the tenant is not refreshed, or not completely: reason and remedy in full."""
    link = status.link
    if link.state == "disconnected":
        yield reason(
            f"{link.tenant_id} ({LINK_STATES[link.state].in_language(language())})",
            say(
                "連携が解除されているため更新されません。企業は残っています。",
                "The link is disconnected, so nothing is refreshed. The companies stay.",
            ),
            say(
                f"もう一度連携するには flyle-sf connect {link.tenant_id}",
                f"To link it again: flyle-sf connect {link.tenant_id}",
            ),
        )
    elif link.state == "not_connected":
        yield reason(
            f"{link.tenant_id} ({LINK_STATES[link.state].in_language(language())})",
            say("まだ組織に接続していません。", "It was not connected to an org yet."),
            say(
                f"接続するには flyle-sf connect {link.tenant_id}",
                f"To connect it: flyle-sf connect {link.tenant_id}",
            ),
        )
    for item in link.attention:
        yield _attention(link.tenant_id, item)


def _attention(tenant: str, item: Attention) -> RenderableType:
    where = ".".join(part for part in (item.object, item.field) if part)
    since = say(f"{local(item.since)} から", f"since {local(item.since)}")
    title = " ".join(part for part in (tenant, where, f"({item.code}, {since})") if part)
    return reason(title, item.message.in_language(language()), item.remedy.in_language(language()))


def reason(title: str, why: str, remedy: str | None = None) -> RenderableType:
    """A marked title, and why and what to do below it."""
    parts = [(Text("理由", "Why"), why)]
    if remedy is not None:
        parts.append((REMEDY, remedy))
    return Group(RichText(f"! {title}", style="yellow"), explanation(*parts))
