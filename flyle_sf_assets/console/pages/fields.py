"""The field picker: search by label or API name, and the tree through parents, level by level."""

from starlette.responses import Response

from flyle_sf_assets.choosing.tree import Level
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, source_of
from flyle_sf_assets.console.orgs import answers_of
from flyle_sf_assets.console.request import PageRequest

PURPOSES = ("conditions", "mapping")
WORD_CHARACTERS_MAX = 100


def picker(page_request: PageRequest) -> Response:
    """Fields that were found, or the first level without a search."""
    draft, word = draft_for(page_request), page_request.query.one("q").strip()[:WORD_CHARACTERS_MAX]
    source = source_of(draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        if word:
            found = answers.search(source, word)
            return page_request.page(
                "setup/found.html", fields=found, word=word, purpose=_purpose(page_request)
            )
        return _level(page_request, answers.level(source))


def branch(page_request: PageRequest) -> Response:
    """What is below one lookup."""
    draft = draft_for(page_request)
    path = tuple(part for part in page_request.query.one("path").split(".") if part)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        return _level(page_request, answers.level(source_of(draft), path))


def reload_fields(page_request: PageRequest) -> Response:
    """Makes fields visible that were just made in Salesforce."""
    page_request.console.orgs.forget(page_request.tenant)
    return page_request.go(f"/setup/{_purpose(page_request)}")


def _level(page_request: PageRequest, level: Level | None) -> Response:
    return page_request.page("setup/level.html", level=level, purpose=_purpose(page_request))


def _purpose(page_request: PageRequest) -> str:
    asked = page_request.query.one("for") or page_request.form.one("for")
    return asked if asked in PURPOSES else "mapping"
