"""Setup, first page: the base object, its one-to-one objects, and the interval."""

from starlette.responses import Response

from flyle_sf_assets.choosing.base_objects import base_object_choices
from flyle_sf_assets.console.draft import draft_for, keep
from flyle_sf_assets.console.pages.one_to_one import declared_objects
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import base_object_of
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.settings.drafts import (
    Draft,
    problems_of,
    validate_draft,
    with_object,
    with_refresh,
)
from flyle_sf_assets.tenants.settings_copies import can_copy
from flyle_sf_assets.tenants.settings_drafts import drop_draft

INTERVALS_H = (1, 2, 3, 4, 6, 8, 12, 24)


def choose_object(page_request: PageRequest) -> Response:
    """Account or Opportunity, with an explanation of each."""
    return _page(page_request, draft_for(page_request), ())


def object_chosen(page_request: PageRequest) -> Response:
    """Stores the choice; then the next page (or that of one-to-one objects), or what is wrong."""
    draft = with_object(draft_for(page_request), page_request.form.one("object"))
    draft = with_refresh(draft, page_request.form.one("every"))
    keep(page_request, draft)
    found = validate_draft(draft).problems
    problems = [
        problem
        for part in ("object", "one_to_one", "refresh")
        for problem in problems_of(found, part)
        if problem.severity == "error"
    ]
    if problems:
        return _page(page_request, draft, tuple(problems))
    is_next = page_request.form.one("then") != "one-to-one"
    return page_request.go("/setup/conditions" if is_next else "/setup/one-to-one")


def discard(page_request: PageRequest) -> Response:
    """Deletes the unsaved draft."""
    drop_draft(page_request.installation, page_request.tenant)
    return page_request.go("/settings")


def _page(page_request: PageRequest, draft: Draft, problems: tuple[Problem, ...]) -> Response:
    refresh = draft.document.get("refresh")
    author = page_request.user.author
    every = refresh.get("every") if isinstance(refresh, dict) else None
    return page_request.page(
        "setup/object.html",
        422 if problems else 200,
        step=1,
        choices=base_object_choices({}),
        chosen=base_object_of(draft),
        declared=declared_objects(page_request),
        can_copy=can_copy(page_request.installation, page_request.tenant, author),
        every=every or "3h",
        intervals=INTERVALS_H,
        problems=problems,
    )
