"""The field picker: search by label or API name, and the tree through parents, level by level.

What does not belong here: what happens with a chosen field (``conditions.py``, ``mapping.py``).
"""

from starlette.responses import Response

from flyle_sf_assets.choosing.tree import Level
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, source_of
from flyle_sf_assets.console.orgs import answers_of
from flyle_sf_assets.console.request import Visit

PURPOSES = ("conditions", "mapping")
WORD_CHARACTERS_MAX = 100


def picker(visit: Visit) -> Response:
    """Fields that were found, or the first level while nothing is searched for."""
    draft, word = draft_for(visit), visit.query.one("q").strip()[:WORD_CHARACTERS_MAX]
    source = source_of(draft)
    with answers_of(visit, connection_of_draft(draft).org_url) as answers:
        if word:
            found = answers.search(source, word)
            return visit.page("setup/found.html", fields=found, word=word, purpose=_purpose(visit))
        return _level(visit, answers.level(source))


def branch(visit: Visit) -> Response:
    """What is below one lookup."""
    draft = draft_for(visit)
    path = tuple(part for part in visit.query.one("path").split(".") if part)
    with answers_of(visit, connection_of_draft(draft).org_url) as answers:
        return _level(visit, answers.level(source_of(draft), path))


def reload_fields(visit: Visit) -> Response:
    """Fields that were just made in Salesforce are there from now on."""
    visit.console.orgs.forget(visit.tenant)
    return visit.go(f"/setup/{_purpose(visit)}")


def _level(visit: Visit, level: Level | None) -> Response:
    return visit.page("setup/level.html", level=level, purpose=_purpose(visit))


def _purpose(visit: Visit) -> str:
    asked = visit.query.one("for") or visit.form.one("for")
    return asked if asked in PURPOSES else "mapping"
