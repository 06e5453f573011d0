"""Setup, last page: the chosen settings, their impact, and 「連携」."""

from starlette.responses import Response

from flyle_sf_assets.choosing.settings_words import change_phrases, settings_words
from flyle_sf_assets.companies.display import shown
from flyle_sf_assets.console.draft import draft_for, shown_digest
from flyle_sf_assets.console.orgs import known_labels, open_org_of, org_of
from flyle_sf_assets.console.pages.asking import ask
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.preview.impact import Impact
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.companies.picklist_options import option_labels
from flyle_sf_assets.tenants.settings_drafts import required, save_settings, settings_origin

EXAMPLE_KINDS = ("created", "returning", "changed", "leaving", "blanked")
MOVED = 409
"""The settings are not those that the person saw."""


def confirm(page_request: PageRequest) -> Response:
    """The draft in words, compared with the current settings; the preview is loaded afterwards."""
    return _page(page_request, draft_for(page_request))


def _page(page_request: PageRequest, draft: Draft, status: int = 200) -> Response:
    settings, labels = required(draft), known_labels(page_request)
    origin = settings_origin(page_request.installation, page_request.tenant)
    return page_request.page(
        "setup/confirm.html",
        status,
        step=4,
        is_moved=status == MOVED,
        shown_digest=shown_digest(draft),
        settings=settings,
        told=settings_words(settings, labels),
        is_first=origin.settings is None,
        changes=change_phrases(origin.settings, settings, labels) if origin.settings else (),
    )


def impact(page_request: PageRequest) -> Response:
    """What a sync with the draft would do; asks the org and may take a minute."""
    return impact_page(page_request, required(draft_for(page_request)), is_draft=True)


def impact_page(
    page_request: PageRequest, settings: TenantSettings, *, is_draft: bool = False
) -> Response:
    """What a sync with these settings would do, or why the org does not fit them.

    ``is_draft``: they can still be changed.
    """
    try:
        found = preview(
            page_request.installation,
            settings,
            open_org=lambda: open_org_of(page_request.installation, page_request.tenant),
        )
    except SettingsInvalid as error:
        return page_request.page("setup/problems.html", problems=error.problems)
    labels = _labels(page_request, found)

    def shown_value(key: str, text: str | None) -> str:
        return shown(text, labels.get(key))

    return page_request.page(
        "setup/impact.html",
        impact=found,
        kinds=EXAMPLE_KINDS,
        shown_value=shown_value,
        is_draft=is_draft,
    )


def _labels(page_request: PageRequest, found: Impact) -> dict[str, dict[str, str]]:
    """The labels of options by field: those that are known, and those that would be added."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        known = option_labels(tx)
    labels: dict[str, dict[str, str]] = {}
    for (key, value), label in known.items():
        labels.setdefault(key, {})[value] = label
    for one in found.options:
        labels.setdefault(one.key, {})[one.value] = one.option_label
    return labels


def link(page_request: PageRequest) -> Response:
    """Saves the draft as the current settings, and asks for a sync.

    The draft is the workspace's: when another person or page has changed it since, the page is
    shown again and nothing is saved.
    """
    draft = draft_for(page_request)
    if page_request.form.one("shown_digest") != shown_digest(draft):
        return _page(page_request, draft, MOVED)
    with org_of(page_request) as org:
        saved = save_settings(
            page_request.installation,
            draft,
            author=page_request.user.author,
            org=org,
            clock=page_request.console.clock,
        )
    done = page_request.go(f"/?saved={saved.version}")
    return ask(page_request, done) if saved.is_new or page_request.form.one("again") else done
