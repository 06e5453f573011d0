"""「設定を確認」: the current settings, where they come from, and all earlier versions."""

from dataclasses import dataclass

from starlette.responses import Response

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.choosing.settings_words import change_phrases, settings_words
from flyle_sf_assets.connection.connect import connection_of
from flyle_sf_assets.console.orgs import known_labels
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.tenants.settings_drafts import kept_draft, settings_origin
from flyle_sf_assets.tenants.settings_history import (
    HistoricVersion,
    author_phrase,
    settings_history,
)

VERSIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """One version, who made it, and its changes from the one before."""

    version: HistoricVersion
    author: Phrase
    changes: tuple[Phrase, ...]


def settings(page_request: PageRequest) -> Response:
    """The settings in words; read-only with the file's name where a file has priority."""
    origin = settings_origin(page_request.installation, page_request.tenant)
    labels = known_labels(page_request)
    history = settings_history(page_request.installation, page_request.tenant, limit=VERSIONS_SHOWN)
    return page_request.page(
        "settings.html",
        origin=origin,
        settings=origin.settings,
        told=settings_words(origin.settings, labels) if origin.settings else None,
        connection=connection_of(page_request.installation, page_request.tenant),
        draft=kept_draft(page_request.installation, page_request.tenant),
        versions=[_shown(one, labels) for one in history.versions],
        newest=history.newest,
        saved=page_request.query.one("saved") == str(history.newest),
        time_zone=origin.settings.time_zone if origin.settings else None,
    )


def _shown(version: HistoricVersion, labels: dict[str, ObjectSchema]) -> ShownVersion:
    before = version.before
    changes = () if before is None else change_phrases(before, version.settings, labels)
    return ShownVersion(version, author_phrase(version.author), changes)
