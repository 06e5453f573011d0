"""Setup, second page: which records, with a live count of those that match."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import Response

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.widgets import (
    OperatorChoice,
    ValueWidget,
    WidgetKind,
    date_literal_choices,
    operator_choices,
    value_widget,
)
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, keep, source_of
from flyle_sf_assets.console.orgs import answers_of
from flyle_sf_assets.console.pages.row_inputs import as_meant, at_inputs, input_of
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import (
    SHOWN,
    ConditionRow,
    base_object_of,
    condition_items,
    conditions_of,
    conditions_typed,
    is_number,
    regrouped,
)
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.preview.org_browser import OrgAnswers
from flyle_sf_assets.settings.drafts import (
    Draft,
    problems_of,
    validate_draft,
    validate_parts,
    with_conditions,
)
from flyle_sf_assets.settings.models import Operator

Rows = tuple[ConditionRow, ...]

OK = 200
INPUTS = ("op", "value")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row with its field's operators; ``choice`` is None when the org does not show it."""

    row: ConditionRow
    choice: FieldChoice | None
    operators: tuple[OperatorChoice, ...]
    widget: ValueWidget | None
    problems: tuple[Problem, ...]
    at: Mapping[str, Text]
    """By input: what is wrong with it."""


def conditions(page_request: PageRequest) -> Response:
    """The page; rows are loaded afterwards, because they have to ask the org."""
    return _page(page_request, draft_for(page_request))


def rows(page_request: PageRequest) -> Response:
    """The rows of the draft; with ``checked`` empty inputs are wrong, too."""
    draft = draft_for(page_request)
    is_checked = bool(page_request.query.one("checked"))
    return _rows(page_request, draft, conditions_of(draft), is_checked=is_checked)


def edit_rows(page_request: PageRequest) -> Response:
    """The rows as typed, one more or one less; stored, so that nothing is lost."""
    draft, typed = draft_for(page_request), conditions_typed(page_request.form)
    form, into = page_request.form, page_request.form.one("into")
    if form.one("remove"):
        typed = tuple(row for place, row in enumerate(typed) if str(place) != form.one("remove"))
    if form.one("add"):
        group = int(into) if is_number(into) else len(typed)
        typed = (*typed, ConditionRow(form.one("add"), "", (), "", "", group))
        into = ""
    typed = _as_meant(page_request, draft, regrouped(typed))
    draft = with_conditions(draft, condition_items(typed))
    keep(page_request, draft)
    return _rows(page_request, draft, typed, into=into)


def count(page_request: PageRequest) -> Response:
    """How many records match now, or why that is unknown."""
    draft = draft_for(page_request)
    if page_request.form.one(SHOWN):
        typed = _as_meant(page_request, draft, conditions_typed(page_request.form))
        draft = with_conditions(draft, condition_items(typed))
    analysis = validate_parts(draft, "object", "one_to_one", "conditions")
    if analysis.settings is None:
        return page_request.page("setup/count.html", count=None)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        return page_request.page("setup/count.html", count=answers.count(analysis.settings))


def conditions_chosen(page_request: PageRequest) -> Response:
    """Stores the conditions; then the next page, or what is wrong, at its inputs.

    What the org does not allow stops here, too: on the last page nobody remembers the input.
    """
    draft = draft_for(page_request)
    if page_request.form.one(SHOWN):
        typed = _as_meant(page_request, draft, regrouped(conditions_typed(page_request.form)))
        draft = with_conditions(draft, condition_items(typed))
        keep(page_request, draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        problems = _problems(draft, answers)
    if any(problem.severity == "error" for problem in problems):
        return _page(page_request, draft, 422)
    return page_request.go("/setup/mapping")


def _page(page_request: PageRequest, draft: Draft, status: int = 200) -> Response:
    base, count = base_object_of(draft), len(conditions_of(draft))
    is_wrong = status != OK
    return page_request.page(
        "setup/conditions.html", status, step=2, base=base, count=count, is_wrong=is_wrong
    )


def _rows(
    page_request: PageRequest,
    draft: Draft,
    typed: Rows,
    *,
    into: str = "",
    is_checked: bool = False,
) -> Response:
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        shown = _shown(draft, typed, answers, is_checked=is_checked)
    groups: dict[int, list[tuple[int, ShownRow]]] = {}
    for place, one in enumerate(shown):
        groups.setdefault(one.row.group, []).append((place, one))
    return page_request.page(
        "setup/condition_rows.html",
        groups=groups,
        literals=date_literal_choices(),
        into=into,
    )


def _as_meant(page_request: PageRequest, draft: Draft, typed: Rows) -> Rows:
    """The rows with values as they were meant: that depends on the type of the field."""
    if not any(row.values or row.count for row in typed):
        return typed
    source = source_of(draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        kinds = [_kind(answers.field(source, row.field), row.operator) for row in typed]
    return tuple(as_meant(row, kind) for row, kind in zip(typed, kinds, strict=True))


def _kind(choice: FieldChoice | None, op: Operator | None) -> WidgetKind | None:
    return value_widget(choice.field, op).kind if choice and op else None


def _shown(draft: Draft, typed: Rows, answers: OrgAnswers, *, is_checked: bool) -> list[ShownRow]:
    source, problems, paths = source_of(draft), _problems(draft, answers), _paths(typed)
    shown = []
    for place, row in enumerate(typed):
        choice = answers.field(source, row.field)
        operators = operator_choices(choice.field) if choice else ()
        chosen = row
        if operators and row.operator not in {one.op for one in operators}:
            chosen = replace(row, op=operators[0].op.value)
        op = chosen.operator
        widget = value_widget(choice.field, op) if choice and isinstance(op, Operator) else None
        is_typed = bool(row.values or row.literal) or (widget is not None and widget.kind == "none")
        is_judged = is_typed or is_checked
        of_row = [one for one in problems if one.path.startswith(paths[place]) and is_judged]
        at = at_inputs(of_row, paths[place].rstrip("."), INPUTS, widget)
        others = tuple(one for one in of_row if input_of(one, paths[place].rstrip(".")) not in at)
        shown.append(ShownRow(chosen, choice, operators, widget, others, at))
    return shown


def _paths(typed: Rows) -> list[str]:
    """The path of each row in the document: ``source.conditions[0].any[1]``."""
    sizes: dict[int, int] = {}
    for row in typed:
        sizes[row.group] = sizes.get(row.group, 0) + 1
    places: dict[int, int] = {}
    paths = []
    for row in typed:
        path = f"source.conditions[{list(sizes).index(row.group)}]"
        if sizes[row.group] > 1:
            path += f".any[{places.setdefault(row.group, 0)}]"
            places[row.group] += 1
        paths.append(f"{path}.")
    return paths


def _problems(draft: Draft, answers: OrgAnswers) -> tuple[Problem, ...]:
    """What is wrong by itself; and when nothing is, what the org does not allow."""
    found = problems_of(validate_draft(draft).problems, "conditions")
    settings = validate_parts(draft, "object", "one_to_one", "conditions").settings
    if settings is None:
        return found
    return (*found, *problems_of(answers.problems(settings), "conditions"))
