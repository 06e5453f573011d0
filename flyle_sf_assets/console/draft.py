"""The draft that a visitor works on: the stored draft, or the current settings and connection."""

import hashlib
import json
from dataclasses import replace

from starlette.responses import Response

from flyle_sf_assets.connection.connect import stored_connection
from flyle_sf_assets.console.request import Form, PageRequest
from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.settings.drafts import (
    Draft,
    draft_of,
    new_draft,
    validate_parts,
    with_connection,
)
from flyle_sf_assets.settings.models import Connection, Source
from flyle_sf_assets.settings.versions import document
from flyle_sf_assets.tenants.settings_drafts import (
    KeptDraft,
    SettingsOrigin,
    keep_draft,
    kept_draft,
    required,
    settings_origin,
)

BASE = "base"
"""A field next to the rows: the settings version that they began from."""


def draft_for(page_request: PageRequest) -> Draft:
    """The draft to work on; writes nothing. NotConnected before there is a connection."""
    kept = kept_draft(page_request.installation, page_request.tenant)
    origin = settings_origin(page_request.installation, page_request.tenant)
    draft = kept.draft if kept else _begun(page_request, origin)
    draft = replace(draft, extra_hosts=page_request.installation.environment.sf_extra_hosts)
    connection = stored_connection(page_request.installation, page_request.tenant)
    if connection is not None:
        return with_connection(draft, connection)
    if origin.settings is None:
        raise _not_connected(page_request.tenant)
    return draft


def keep(page_request: PageRequest, draft: Draft) -> None:
    """Stores the draft. Raises SettingsFromFile where a file has priority."""
    keep_draft(
        page_request.installation,
        draft,
        by=page_request.user.author,
        clock=page_request.console.clock,
    )


def has_moved(form: Form, draft: Draft) -> bool:
    """Whether the rows of the form are those of other settings than the draft's.

    A page that was left open sends them after another version was saved: they would undo it.
    """
    return BASE in form.names() and form.one(BASE) != str(draft.base_version or "")


def to_newest(page_request: PageRequest, path: str) -> Response:
    """Loads that page again, with the rows of now and a notice; nothing was stored."""
    return page_request.go(f"{path}?moved=1")


def was_moved(page_request: PageRequest) -> bool:
    """Whether the page was loaded again because its rows were those of earlier settings."""
    return bool(page_request.query.one("moved"))


def shown_digest(draft: Draft) -> str:
    """Names exactly the settings that a page shows of a valid draft, the order of rows too."""
    text = json.dumps(document(required(draft)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def stored_draft(page_request: PageRequest) -> KeptDraft | None:
    """The draft as stored, None while nothing was changed."""
    return kept_draft(page_request.installation, page_request.tenant)


def time_zone_of(draft: Draft) -> str | None:
    """The time zone that the draft names."""
    zone = draft.document.get("time_zone")
    return zone if isinstance(zone, str) else None


def connection_of_draft(draft: Draft) -> Connection:
    """The draft's connection, which `draft_for` has checked."""
    return Connection.model_validate(draft.document["connection"], by_alias=True, by_name=False)


def source_of(draft: Draft) -> Source:
    """The draft's base object and one-to-one objects, as far as they are valid."""
    for parts in (("object", "one_to_one"), ("object",)):
        settings = validate_parts(draft, *parts).settings
        if settings is not None:
            return settings.source
    return Source(object="Account")


def _begun(page_request: PageRequest, origin: SettingsOrigin) -> Draft:
    if origin.settings is not None:
        return draft_of(origin.settings, origin.newest)
    return new_draft(page_request.tenant, page_request.tenant, page_request.user.plan)


def _not_connected(tenant: str) -> NotConnected:
    return NotConnected(
        "not_connected",
        tried=Text(
            f"テナント {tenant} の接続を見つけようとしました",
            f"Tried to find the connection of {tenant}",
        ),
        came_back=Text(
            "このワークスペースはSalesforceに接続していません",
            "This workspace is not connected to Salesforce",
        ),
        remedy=Text("先にSalesforceと接続してください", "Connect to Salesforce first"),
    )
