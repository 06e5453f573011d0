"""The field picker: search by label, API name or help text, and the tree, level by level."""

from starlette.responses import Response

from flyle_sf_assets.choosing.tree import Level, sections
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, source_of
from flyle_sf_assets.console.orgs import answers_of
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import conditions_of, mappings_of
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.settings.patterns import RELATIONSHIP_LEVELS_MAX

PURPOSES = ("conditions", "mapping")
WORD_CHARACTERS_MAX = 100


def picker(page_request: PageRequest) -> Response:
    """Fields of one depth that were found, or the first level without a search."""
    draft, word = draft_for(page_request), page_request.query.one("q").strip()[:WORD_CHARACTERS_MAX]
    source, depth = source_of(draft), page_request.query.number("depth") or 0
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        if not word:
            return _level(page_request, draft, answers.level(source))
        found = answers.search(source, word, min(depth, RELATIONSHIP_LEVELS_MAX))
    return page_request.page(
        "setup/found.html",
        found=found,
        word=word,
        depth=depth,
        before=page_request.query.number("before") or 0,
        purpose=_purpose(page_request),
        taken=_taken(page_request, draft),
    )


def branch(page_request: PageRequest) -> Response:
    """What is below one lookup."""
    draft = draft_for(page_request)
    path = tuple(part for part in page_request.query.one("path").split(".") if part)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        return _level(page_request, draft, answers.level(source_of(draft), path))


def reload_fields(page_request: PageRequest) -> Response:
    """Makes fields visible that were just made in Salesforce."""
    page_request.console.orgs.forget(page_request.tenant)
    return page_request.go(f"/setup/{_purpose(page_request)}")


def _level(page_request: PageRequest, draft: Draft, level: Level | None) -> Response:
    purpose = _purpose(page_request)
    parts = None if level is None else sections(level, is_filter=purpose == "conditions")
    return page_request.page(
        "setup/level.html",
        level=level,
        parts=parts,
        purpose=purpose,
        taken=_taken(page_request, draft),
    )


def _taken(page_request: PageRequest, draft: Draft) -> frozenset[str]:
    """The paths that the draft uses already."""
    if _purpose(page_request) == "conditions":
        return frozenset(row.field for row in conditions_of(draft))
    return frozenset(row.source for row in mappings_of(draft))


def _purpose(page_request: PageRequest) -> str:
    asked = page_request.query.one("for") or page_request.form.one("for")
    return asked if asked in PURPOSES else "mapping"
