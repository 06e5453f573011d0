"""The status of the link: state, progress, what needs a person, and 今すぐ同期."""

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from flyle_sf_assets.console.labels import STEPS
from flyle_sf_assets.console.pages.asking import ask, has_asked
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.companies.counts import count_rejected
from flyle_sf_assets.store.companies.held_changes import HeldChange, get_held
from flyle_sf_assets.store.syncs.progress import SyncProgress, get_progress
from flyle_sf_assets.store.syncs.syncs import Sync, latest_syncs
from flyle_sf_assets.store.tenants.links import Attention, Link, get_link
from flyle_sf_assets.store.tenants.notices import Notice, count_unread, list_notices
from flyle_sf_assets.store.tenants.settings_versions import latest_settings
from flyle_sf_assets.tenants.held_changes import HELD
from flyle_sf_assets.tenants.registration import settings_in

SYNCS_SHOWN = 5
BANNERS_MAX = 2
"""More of them than that are not read: the others stand behind a link."""
NOTICES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Banners:
    """Items that need a person, then notices; the first of them are shown, `more` on request.

    ``notices`` are the newest of the ``unread`` ones: the page of notices has them all.
    """

    attention: tuple[Attention, ...]
    notices: tuple[Notice, ...]
    unread: int
    limit: int = BANNERS_MAX

    @property
    def attention_first(self) -> int:
        """How many of ``attention`` are shown."""
        return min(len(self.attention), self.limit)

    @property
    def notices_first(self) -> int:
        """How many of ``notices`` are shown."""
        return min(len(self.notices), self.limit - self.attention_first)

    @property
    def more(self) -> int:
        """How many stand behind a link."""
        shown = self.attention_first + self.notices_first
        return len(self.attention) + self.unread - shown

    @property
    def unlisted(self) -> int:
        """How many unread notices only the page of notices has."""
        return self.unread - len(self.notices)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows, at one moment."""

    link: Link
    companies: dict[str, int]
    rejected: int
    syncs: tuple[Sync, ...]
    progress: SyncProgress | None
    notices: tuple[Notice, ...]
    unread: int
    newest: int | None
    """The newest settings version."""
    held: HeldChange | None
    """What the mass-change guard holds."""
    is_waiting: bool
    """A sync is due and has not begun."""
    is_asked: bool
    """The visitor asked for it."""
    is_stopped: bool
    """No sync begins automatically until a person acts."""

    @property
    def next_attempt(self) -> datetime | None:
        """When a sync begins automatically: at its due time, or after a back-off."""
        return self.link.retry_at or self.link.next_due_at

    @property
    def banners(self) -> Banners:
        """What stands above everything else; a held change has a banner of its own."""
        if self.held is None:
            return Banners(self.link.attention, self.notices, self.unread)
        others = tuple(item for item in self.link.attention if item.code != HELD)
        return Banners(others, self.notices, self.unread, BANNERS_MAX - 1)

    @property
    def running(self) -> Sync | None:
        """The sync that runs now."""
        return next((sync for sync in self.syncs if sync.state == "running"), None)

    @property
    def stage(self) -> int:
        """The current stage, from 1."""
        return STEPS[self.progress.step][0] if self.progress and self.progress.step in STEPS else 1

    @property
    def is_restless(self) -> bool:
        """Whether there is progress to poll."""
        return self.running is not None or self.is_waiting

    @property
    def said(self) -> Text:
        """What the running sync does now."""
        unknown = Text("準備しています", "Getting ready")
        step = self.progress.step if self.progress else ""
        return STEPS[step][1] if step in STEPS else unknown


def overview(page_request: PageRequest) -> Response:
    """The first page. Without a connection it says how to begin."""
    settings, shown = _look(page_request)
    saved = page_request.query.one("saved")
    return page_request.page(
        "overview.html",
        shown=shown,
        settings=settings,
        saved=saved if saved == str(shown.newest) else None,
        time_zone=settings and settings.time_zone,
    )


def progress(page_request: PageRequest) -> Response:
    """The part that shows a running sync; requested every other second while there is one."""
    settings, shown = _look(page_request)
    response = page_request.page(
        "overview/progress.html", shown=shown, time_zone=settings and settings.time_zone
    )
    if page_request.query.one("restless") == "1" and not shown.is_restless:
        # The sync has ended: the rest of the page has changed too.
        response.headers["HX-Refresh"] = "true"
    return response


def sync_now(page_request: PageRequest) -> Response:
    """Asks for a sync; the schedule starts it within its next tick."""
    return ask(page_request, page_request.go("/"))


def _look(page_request: PageRequest) -> tuple[TenantSettings | None, Overview]:
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        settings, latest = settings_in(tx), latest_settings(tx)
        link = get_link(tx)
        syncs = latest_syncs(tx, limit=SYNCS_SHOWN)
        last = syncs[0] if syncs else None
        is_running = last is not None and last.state == "running"
        due = link.retry_at or link.next_due_at
        # Newer settings than those that failed permanently are tried.
        is_stopped = latest is not None and (link.stopped_version or 0) >= latest.version
        is_waiting = due is not None and due <= page_request.now and settings is not None
        shown = Overview(
            link=link,
            companies=page_request.console.figures.of(
                tx, (link.state, last and (last.sync_id, last.state))
            ),
            rejected=count_rejected(tx),
            syncs=syncs,
            progress=get_progress(tx, last.sync_id) if last else None,
            notices=list_notices(tx, unread_only=True, limit=NOTICES_SHOWN),
            unread=count_unread(tx),
            newest=latest.version if latest else None,
            held=get_held(tx),
            is_waiting=is_waiting
            and not (is_running or is_stopped)
            and link.state in _SYNCED_STATES,
            is_stopped=is_stopped,
            is_asked=has_asked(page_request),
        )
    return settings, shown


_SYNCED_STATES = ("connected", "initial_sync", "linked", "failing", "held")
