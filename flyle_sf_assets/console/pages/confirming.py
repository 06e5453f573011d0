"""Setup, last page: what was chosen, what it would do, and 「連携」.

What does not belong here: working the impact out (``preview/preview.py``).
"""

from starlette.responses import Response

from flyle_sf_assets.companies.display import shown
from flyle_sf_assets.console.draft import draft_for
from flyle_sf_assets.console.orgs import open_org_of, org_of
from flyle_sf_assets.console.request import Visit
from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.preview.impact import Impact
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.settings.versions import diff
from flyle_sf_assets.store.companies.picklist_options import option_labels
from flyle_sf_assets.tenants.settings_drafts import required, save_settings, settings_origin
from flyle_sf_assets.tenants.sync_requests import ask_for_sync

EXAMPLE_KINDS = ("created", "returning", "changed", "leaving", "blanked")


def confirm(visit: Visit) -> Response:
    """The draft in words and against what stands; the preview comes afterwards."""
    draft = draft_for(visit)
    settings = required(draft)
    origin = settings_origin(visit.installation, visit.tenant)
    return visit.page(
        "setup/confirm.html",
        step=4,
        settings=settings,
        is_first=origin.settings is None,
        changes=diff(origin.settings, settings) if origin.settings else (),
    )


def impact(visit: Visit) -> Response:
    """What a sync with the draft would do; asks the org and may take a minute."""
    settings = required(draft_for(visit))
    try:
        found = preview(
            visit.installation,
            settings,
            open_org=lambda: open_org_of(visit.installation, visit.tenant),
        )
    except SettingsInvalid as error:
        return visit.page("setup/problems.html", problems=error.problems)
    labels = _labels(visit, found)

    def shown_value(key: str, text: str | None) -> str:
        return shown(text, labels.get(key))

    return visit.page(
        "setup/impact.html", impact=found, kinds=EXAMPLE_KINDS, shown_value=shown_value
    )


def _labels(visit: Visit, found: Impact) -> dict[str, dict[str, str]]:
    """What people read for options, by field: those that are known, and those that would come."""
    with visit.installation.database.tenant(visit.tenant) as tx:
        known = option_labels(tx)
    labels: dict[str, dict[str, str]] = {}
    for (key, value), label in known.items():
        labels.setdefault(key, {})[value] = label
    for one in found.options:
        labels.setdefault(one.key, {})[one.value] = one.option_label
    return labels


def link(visit: Visit) -> Response:
    """Saves the draft as the settings that stand, and asks for a sync."""
    draft = draft_for(visit)
    with org_of(visit) as org:
        saved = save_settings(
            visit.installation,
            draft,
            author=visit.person.author,
            org=org,
            clock=visit.console.clock,
        )
    if saved.is_new or visit.form.one("again"):
        ask_for_sync(visit.installation, visit.tenant, clock=visit.console.clock)
    return visit.go("/")
