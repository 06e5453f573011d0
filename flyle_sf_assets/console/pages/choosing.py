"""Setup, first page: the base object, one-to-one objects beside it, and how often.

What does not belong here: conditions and mapping (``conditions.py``, ``mapping.py``).
"""

from starlette.responses import Response

from flyle_sf_assets.choosing.base_objects import base_object_choices
from flyle_sf_assets.console.draft import draft_for, keep
from flyle_sf_assets.console.request import Visit
from flyle_sf_assets.console.setup_forms import base_object_of, one_to_one_items, one_to_one_of
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.settings.drafts import (
    Draft,
    judged,
    problems_of,
    with_object,
    with_one_to_one,
    with_refresh,
)
from flyle_sf_assets.tenants.settings_drafts import drop_draft

INTERVALS_H = (1, 2, 3, 4, 6, 8, 12, 24)


def choose_object(visit: Visit) -> Response:
    """Account or Opportunity, with what either means."""
    return _page(visit, draft_for(visit), ())


def object_chosen(visit: Visit) -> Response:
    """Keeps the choice; the next page, or what is wrong."""
    draft = with_object(draft_for(visit), visit.form.one("object"))
    draft = with_one_to_one(draft, one_to_one_items(visit.form))
    draft = with_refresh(draft, visit.form.one("every"))
    keep(visit, draft)
    found = judged(draft).problems
    problems = [
        problem
        for part in ("object", "one_to_one", "refresh")
        for problem in problems_of(found, part)
        if problem.severity == "error"
    ]
    return _page(visit, draft, tuple(problems)) if problems else visit.go("/setup/conditions")


def discard(visit: Visit) -> Response:
    """Forgets what was begun and not saved."""
    drop_draft(visit.installation, visit.tenant)
    return visit.go("/settings")


def _page(visit: Visit, draft: Draft, problems: tuple[Problem, ...]) -> Response:
    refresh = draft.document.get("refresh")
    every = refresh.get("every") if isinstance(refresh, dict) else None
    return visit.page(
        "setup/object.html",
        422 if problems else 200,
        step=1,
        choices=base_object_choices({}),
        chosen=base_object_of(draft),
        one_to_one=one_to_one_of(draft),
        every=every or "3h",
        intervals=INTERVALS_H,
        problems=problems,
    )
