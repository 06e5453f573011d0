"""Setup, third page: which Salesforce field becomes which custom field, with real sample values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import Response

from flyle_sf_assets.check.currencies import CURRENCY_CODE
from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.suggestions import Suggestion, suggested_key
from flyle_sf_assets.console.draft import (
    connection_of_draft,
    draft_for,
    has_moved,
    keep,
    source_of,
    stored_draft,
    time_zone_of,
    to_newest,
    was_moved,
)
from flyle_sf_assets.console.orgs import answers_of
from flyle_sf_assets.console.pages.row_inputs import at_inputs, input_of, problems_in
from flyle_sf_assets.console.removed_rows import (
    Placed,
    edited_mappings,
    mappings_missing,
    removed_mappings,
)
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import (
    ROWS_MAX,
    SHOWN,
    MappingRow,
    base_object_of,
    mapping_items,
    mappings_of,
    mappings_typed,
)
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.preview.org_browser import OrgAnswers
from flyle_sf_assets.settings.drafts import (
    Draft,
    validate_parts,
    with_mapping,
)
from flyle_sf_assets.settings.models import FieldMapping
from flyle_sf_assets.tenants.settings_drafts import settings_origin

Rows = tuple[MappingRow, ...]

INPUTS = ("label", "to", "type")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row with its field's types; ``choice`` is None when the org does not show it."""

    row: MappingRow
    choice: FieldChoice | None
    problems: tuple[Problem, ...]
    at: Mapping[str, Text]
    """By input: what is wrong with it."""


def mapping(page_request: PageRequest) -> Response:
    """The page; rows are loaded afterwards, because they have to ask the org."""
    draft = draft_for(page_request)
    return _page(page_request, draft, ())


def rows(page_request: PageRequest) -> Response:
    """The rows of the draft, and those of the saved settings that it lacks."""
    draft = draft_for(page_request)
    typed = mappings_of(draft)
    saved = settings_origin(page_request.installation, page_request.tenant).settings
    return _rows(page_request, draft, typed, mappings_missing(saved, typed))


def edit_rows(page_request: PageRequest) -> Response:
    """The rows as typed, with what a button did to them; stored, so that nothing is lost."""
    draft, form = draft_for(page_request), page_request.form
    if has_moved(form, draft):
        return to_newest(page_request, "/setup/mapping")
    if form.one(SHOWN):
        typed, removed = mappings_typed(form), removed_mappings(form)
    else:
        saved = settings_origin(page_request.installation, page_request.tenant).settings
        typed = mappings_of(draft)
        removed = mappings_missing(saved, typed)
    typed, removed = edited_mappings(form, typed, removed)
    added = list(dict.fromkeys(path for path in form.all("add") if path))
    if added:
        typed = _with_added(page_request, draft, typed, added)
    draft = with_mapping(draft, mapping_items(typed))
    keep(page_request, draft)
    return _rows(page_request, draft, typed, removed)


def keep_typed(page_request: PageRequest) -> Response:
    """Stores the rows as typed, and says so."""
    draft = draft_for(page_request)
    if has_moved(page_request.form, draft):
        return to_newest(page_request, "/setup/mapping")
    if page_request.form.one(SHOWN):
        draft = with_mapping(draft, mapping_items(mappings_typed(page_request.form)))
        keep(page_request, draft)
    return page_request.page(
        "setup/saved.html", kept=stored_draft(page_request), time_zone=time_zone_of(draft)
    )


def samples(page_request: PageRequest) -> Response:
    """Values of three real records for each valid row, as Flyle would show them."""
    draft = draft_for(page_request)
    analysis = validate_parts(draft, "object", "one_to_one", "conditions", "mapping")
    if analysis.settings is None:
        return page_request.page("setup/samples.html", samples=None, places={})
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        found = answers.samples(analysis.settings)
    places = {row.to: place for place, row in enumerate(mappings_of(draft))}
    return page_request.page("setup/samples.html", samples=found, places=places)


def suggested(page_request: PageRequest) -> Response:
    """The currencies of mapped amounts, and obvious mappings, that do not exist yet."""
    draft = draft_for(page_request)
    source, mapped = source_of(draft), _mapped(draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        currencies = answers.currency_suggestions(source, mapped)
        found = answers.suggestions(source, mapped)
    taken = {row.source for row in mappings_of(draft)}
    found = tuple(one for one in found if one.mapping.from_ not in taken)
    return page_request.page("setup/suggestions.html", groups=[g for g in (currencies, found) if g])


def add_currencies(page_request: PageRequest) -> Response:
    """Maps every currency that a mapped amount needs, and goes back to the preview."""
    draft = draft_for(page_request)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        wanted = answers.currency_suggestions(source_of(draft), _mapped(draft))
    typed = mappings_of(draft)
    added = _with_added(page_request, draft, typed, [one.mapping.from_ for one in wanted])
    keep(page_request, with_mapping(draft, mapping_items(added)))
    return page_request.go("/setup/confirm")


def _mapped(draft: Draft) -> tuple[FieldMapping, ...]:
    """The draft's mappings; none while one of them is not valid."""
    settings = validate_parts(draft, "object", "one_to_one", "mapping").settings
    return settings.mapping if settings else ()


def options(page_request: PageRequest) -> Response:
    """The options that a picklist would add."""
    draft = draft_for(page_request)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        found = answers.options(source_of(draft), page_request.query.one("path"))
    return page_request.page("setup/options.html", options=found)


def mapping_chosen(page_request: PageRequest) -> Response:
    """Stores the mapping; then the preview, or what is wrong, at its inputs."""
    draft = draft_for(page_request)
    if has_moved(page_request.form, draft):
        return to_newest(page_request, "/setup/mapping")
    if page_request.form.one(SHOWN):
        draft = with_mapping(draft, mapping_items(mappings_typed(page_request.form)))
        keep(page_request, draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        problems = problems_in(draft, answers, "mapping")
    errors = tuple(problem for problem in problems if problem.severity == "error")
    return _page(page_request, draft, errors) if errors else page_request.go("/setup/confirm")


def _page(page_request: PageRequest, draft: Draft, problems: tuple[Problem, ...]) -> Response:
    return page_request.page(
        "setup/mapping.html",
        422 if problems else 200,
        step=3,
        base=base_object_of(draft),
        count=len(mappings_of(draft)),
        is_wrong=bool(problems),
        is_moved=was_moved(page_request),
    )


def _with_added(page_request: PageRequest, draft: Draft, typed: Rows, paths: list[str]) -> Rows:
    """The rows with one more for each field."""
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        source, obvious = source_of(draft), answers.suggestions(source_of(draft))
        for path in paths[: max(0, ROWS_MAX - len(typed))]:
            suggested_one = next((one for one in obvious if one.mapping.from_ == path), None)
            choice = answers.field(source, path)
            typed = (*typed, _added(suggested_one, choice, typed, path, page_request.language))
    return typed


def _added(
    obvious: Suggestion | None, choice: FieldChoice | None, typed: Rows, path: str, language: str
) -> MappingRow:
    """A row for a field, with a free key and the field's own label."""
    taken = {row.to for row in typed}
    if obvious is not None and obvious.mapping.to not in taken:
        label = obvious.label.in_language(language)
        return MappingRow(path, obvious.mapping.to, label, "", "blank")
    if choice is None:
        return MappingRow(path, "", path, "", "blank")
    is_currency = choice.field.name == CURRENCY_CODE
    label = choice.label_path if is_currency else choice.field.label
    return MappingRow(path, suggested_key(choice, taken), label, "", "blank")


def _rows(
    page_request: PageRequest, draft: Draft, typed: Rows, removed: tuple[Placed, ...]
) -> Response:
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        shown, source = _shown(draft, typed, answers), source_of(draft)
        gone = [(place, row, answers.field(source, row.source)) for place, row in removed]
    return page_request.page(
        "setup/mapping_rows.html",
        rows=shown,
        removed=gone,
        kept=stored_draft(page_request),
        base_version=draft.base_version,
        time_zone=time_zone_of(draft),
    )


def _shown(draft: Draft, typed: Rows, answers: OrgAnswers) -> list[ShownRow]:
    source = source_of(draft)
    problems = problems_in(draft, answers, "mapping")
    shown = []
    for place, row in enumerate(typed):
        choice = answers.field(source, row.source)
        chosen = row
        if choice and choice.types and row.type not in {str(one) for one in choice.types}:
            chosen = replace(row, type=str(choice.types[0]))
        path = f"mapping[{place}]"
        of_row = [one for one in problems if one.path.startswith(path)]
        at = at_inputs(of_row, path, INPUTS)
        others = tuple(one for one in of_row if input_of(one, path) not in at)
        shown.append(ShownRow(chosen, choice, others, at))
    return shown
