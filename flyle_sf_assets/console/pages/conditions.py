"""Setup, second page: which records, with a live count of those that match."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError
from starlette.responses import Response

from flyle_sf_assets.choosing.condition_words import Labels, condition_phrase
from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.choosing.widgets import (
    OperatorChoice,
    ValueWidget,
    WidgetKind,
    date_literal_choices,
    operator_choices,
    value_widget,
)
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
from flyle_sf_assets.console.pages.row_inputs import as_meant, at_inputs, input_of, problems_in
from flyle_sf_assets.console.removed_rows import (
    conditions_missing,
    edited_conditions,
    removed_conditions,
)
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import (
    ROWS_MAX,
    SHOWN,
    ConditionRow,
    base_object_of,
    condition_items,
    conditions_of,
    conditions_typed,
    regrouped,
)
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.preview.org_browser import OrgAnswers
from flyle_sf_assets.settings.drafts import (
    Draft,
    validate_parts,
    with_conditions,
)
from flyle_sf_assets.settings.models import Condition, Operator
from flyle_sf_assets.tenants.settings_drafts import settings_origin

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
    """The rows of the draft, and those of the saved settings that it lacks.

    With ``checked`` empty inputs are wrong, too.
    """
    draft = draft_for(page_request)
    saved = settings_origin(page_request.installation, page_request.tenant).settings
    missing, is_checked = conditions_missing(saved, draft), bool(page_request.query.one("checked"))
    return _rows(page_request, draft, conditions_of(draft), missing, is_checked=is_checked)


def edit_rows(page_request: PageRequest) -> Response:
    """The rows as typed, with what a button did to them; stored, so that nothing is lost."""
    draft, form = draft_for(page_request), page_request.form
    if has_moved(form, draft):
        return to_newest(page_request, "/setup/conditions")
    if form.one(SHOWN):
        typed, removed = conditions_typed(form), removed_conditions(form)
    else:
        saved = settings_origin(page_request.installation, page_request.tenant).settings
        typed, removed = conditions_of(draft), conditions_missing(saved, draft)
    typed, removed = edited_conditions(form, typed, removed)
    into, chosen = form.one("into"), form.number("into")
    added = list(dict.fromkeys(path for path in form.all("add") if path))
    for path in added[: max(0, ROWS_MAX - len(typed))]:
        following = 1 + max((row.group for row in typed), default=-1)
        group = following if chosen is None else chosen
        typed = (*typed, ConditionRow(path, "", (), "", "", group))
    if form.one("add"):
        typed, into = regrouped(typed), ""
    typed = _as_meant(page_request, draft, typed)
    draft = with_conditions(draft, condition_items(typed))
    keep(page_request, draft)
    return _rows(page_request, draft, typed, removed, into=into)


def keep_typed(page_request: PageRequest) -> Response:
    """Stores the rows as typed, and says so."""
    draft = draft_for(page_request)
    if has_moved(page_request.form, draft):
        return to_newest(page_request, "/setup/conditions")
    if page_request.form.one(SHOWN):
        typed = regrouped(conditions_typed(page_request.form))
        keep(page_request, with_conditions(draft, condition_items(typed)))
    return page_request.page(
        "setup/saved.html", kept=stored_draft(page_request), time_zone=time_zone_of(draft)
    )


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
    if has_moved(page_request.form, draft):
        return to_newest(page_request, "/setup/conditions")
    if page_request.form.one(SHOWN):
        typed = _as_meant(page_request, draft, regrouped(conditions_typed(page_request.form)))
        draft = with_conditions(draft, condition_items(typed))
        keep(page_request, draft)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        problems = problems_in(draft, answers, "conditions")
    if any(problem.severity == "error" for problem in problems):
        return _page(page_request, draft, 422)
    return page_request.go("/setup/mapping")


def _page(page_request: PageRequest, draft: Draft, status: int = 200) -> Response:
    base, count = base_object_of(draft), len(conditions_of(draft))
    is_wrong = status != OK
    return page_request.page(
        "setup/conditions.html",
        status,
        step=2,
        base=base,
        count=count,
        is_wrong=is_wrong,
        is_moved=was_moved(page_request),
    )


def _rows(
    page_request: PageRequest,
    draft: Draft,
    typed: Rows,
    removed: Rows,
    *,
    into: str = "",
    is_checked: bool = False,
) -> Response:
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        shown = _shown(draft, typed, answers, is_checked=is_checked)
        labels = answers.labels(source_of(draft), [row.field for row in removed])
    groups: dict[int, list[tuple[int, ShownRow]]] = {}
    for place, one in enumerate(shown):
        groups.setdefault(one.row.group, []).append((place, one))
    return page_request.page(
        "setup/condition_rows.html",
        groups=groups,
        literals=date_literal_choices(),
        into=into,
        removed=[(row, _told(row, labels)) for row in removed],
        kept=stored_draft(page_request),
        base_version=draft.base_version,
        time_zone=time_zone_of(draft),
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
    source, problems, paths = (
        source_of(draft),
        problems_in(draft, answers, "conditions"),
        _paths(typed),
    )
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


def _told(row: ConditionRow, labels: Labels) -> Phrase:
    """The condition as a sentence; only its field while it is incomplete."""
    [item] = condition_items((row,))
    try:
        return condition_phrase(Condition.model_validate(item), labels)
    except ValidationError:
        return labels.path(row.field).beside(row.field)


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
