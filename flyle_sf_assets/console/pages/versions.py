"""One settings version: what restoring it would change, and the restore."""

from starlette.responses import Response

from flyle_sf_assets.choosing.settings_words import change_phrases, settings_words
from flyle_sf_assets.connection.connect import stored_connection
from flyle_sf_assets.console.orgs import known_labels
from flyle_sf_assets.console.pages.asking import ask
from flyle_sf_assets.console.pages.confirming import impact_page
from flyle_sf_assets.console.request import PageRequest, whole_number
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.store.syncs.settings_in_effect import get_refusals
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.tenants.settings_drafts import kept_draft, required, settings_origin
from flyle_sf_assets.tenants.settings_history import restore_version, restored_draft


def version(page_request: PageRequest) -> Response:
    """The version compared with the current settings; the preview is loaded afterwards."""
    installation, tenant = page_request.installation, page_request.tenant
    origin, draft = settings_origin(installation, tenant), _draft(page_request)
    settings, labels = required(draft), known_labels(page_request)
    number = _number(page_request)
    with installation.database.tenant(tenant) as tx:
        refusal = get_refusals(tx).get(number)
    return page_request.page(
        "setup/version.html",
        number=number,
        origin=origin,
        settings=settings,
        told=settings_words(settings, labels),
        changes=change_phrases(origin.settings, settings, labels) if origin.settings else (),
        problems=refusal.problems if refusal else (),
        has_draft=kept_draft(installation, tenant) is not None,
        newest=origin.newest,
        time_zone=settings.time_zone,
    )


def version_impact(page_request: PageRequest) -> Response:
    """What a sync with that version would do; asks the org and may take a minute."""
    return impact_page(page_request, required(_draft(page_request)))


def restore(page_request: PageRequest) -> Response:
    """Registers the version's settings as the newest ones, and asks for a sync."""
    installation, tenant = page_request.installation, page_request.tenant
    saved = restore_version(
        installation,
        tenant,
        _number(page_request),
        base_version=page_request.form.number("newest"),
        connection=stored_connection(installation, tenant),
        author=page_request.user.author,
        clock=page_request.console.clock,
    )
    with installation.database.tenant(tenant) as tx:
        can_sync = get_link(tx).state != "disconnected"
    done = page_request.go(f"/settings?saved={saved.version}")
    return ask(page_request, done) if saved.is_new and can_sync else done


def _draft(page_request: PageRequest) -> Draft:
    installation, tenant = page_request.installation, page_request.tenant
    return restored_draft(
        installation,
        tenant,
        _number(page_request),
        base_version=None,
        connection=stored_connection(installation, tenant),
    )


def _number(page_request: PageRequest) -> int:
    """The version that the address names; one that does not exist when that is no number."""
    return whole_number(page_request.param("version")) or 0
