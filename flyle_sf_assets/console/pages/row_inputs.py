"""Inputs of the setup's rows: values as they were meant, and what is wrong with which input.

What does not belong here: the rules themselves (``settings``, ``check``), whose words are for
settings files; an input of a page has shorter ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from flyle_sf_assets.choosing.widgets import ValueWidget, WidgetKind
from flyle_sf_assets.console.setup_forms import ConditionRow
from flyle_sf_assets.errors import Problem, Text, sentences
from flyle_sf_assets.preview.org_browser import OrgAnswers
from flyle_sf_assets.settings.drafts import (
    Draft,
    Part,
    problems_of,
    validate_draft,
    validate_parts,
)

_MINUS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2013": "-", "\u30fc": "-"})
_CURRENCY = re.compile(r"^([-+]?)\s*[¥$€]\s*|\s*(?:円|%)$")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?")
_DAY = re.compile(r"(\d{4})\s*[/.年-]\s*(\d{1,2})\s*[/.月-]\s*(\d{1,2})\s*日?")

_ENTER = Text("入力してください", "Enter it")
_WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "condition_value_empty": Text(
            "値を入力してください。空のレコードを探すには「空である」を選びます",
            "Enter a value; to find blanks choose “is blank”",
        ),
        "condition_value_missing": Text("値を入力してください", "Enter a value"),
        "date_literal_unknown": Text(
            "n に1以上の整数を入力してください(例: 90)", "Enter a whole number for n, such as 90"
        ),
        "to_twice": Text(
            "このキーは別の項目でも使われています。別のキーにしてください",
            "Another field has this key: choose another one",
        ),
        "to_invalid": Text(
            "英小文字で始め、英小文字・数字・「_」だけで63文字以内にしてください",
            "Start with a-z; use a-z, 0-9 and _ only; at most 63 characters",
        ),
        "value_not_allowed": Text("一覧から選んでください", "Choose one from the list"),
        "empty_value": _ENTER,
        "missing_key": _ENTER,
    }
)
"""By the code of a problem: what to say at the input instead of the words for settings files."""


def as_meant(row: ConditionRow, kind: WidgetKind | None) -> ConditionRow:
    """The row with its values as they were meant, for an input of this kind."""
    values = tuple(value_as_meant(value, kind) for value in row.values)
    return replace(row, values=values, count=number_as_meant(row.count))


def value_as_meant(text: str, kind: WidgetKind | None) -> str:
    """A value as it was meant: full-width digits, separators and Japanese dates are understood.

    Text is never changed: its full-width letters may be those of the records.

    >>> value_as_meant("１，０００，０００", "number"), value_as_meant("2024年1月5日", "date")
    ('1000000', '2024-01-05')
    """
    if kind == "number":
        return number_as_meant(text)
    if kind not in ("date", "datetime", "time", "id"):
        return text
    narrow = unicodedata.normalize("NFKC", text).strip()
    day = _DAY.fullmatch(narrow) if kind in ("date", "datetime") else None
    return f"{day[1]}-{int(day[2]):02d}-{int(day[3]):02d}" if day else narrow


def number_as_meant(text: str) -> str:
    """A number without separators and units; the text as it is when it is no number."""
    narrow = unicodedata.normalize("NFKC", text).translate(_MINUS).strip()
    narrow = _CURRENCY.sub(lambda found: found[1] or "", narrow).strip()
    if _GROUPED.fullmatch(narrow):
        return re.sub(r"[,' ]", "", narrow)
    return narrow if re.fullmatch(r"[-+]?\d+(?:\.\d+)?", narrow) else text.strip()


def problems_in(draft: Draft, answers: OrgAnswers, part: Part) -> tuple[Problem, ...]:
    """What is wrong in that part by itself; and when nothing is, what the org does not allow."""
    found = problems_of(validate_draft(draft).problems, part)
    settings = validate_parts(draft, "object", "one_to_one", part).settings
    if settings is None:
        return found
    return (*found, *problems_of(answers.problems(settings), part))


def at_inputs(
    problems: Iterable[Problem], row: str, names: Iterable[str], widget: ValueWidget | None = None
) -> dict[str, Text]:
    """By input: what is wrong with it. ``row`` is the path of the row in the settings.

    ``names`` are the row's inputs as the settings call them; an item of a list belongs to the list.
    """
    found: dict[str, Text] = {}
    known = tuple(names)
    for problem in problems:
        name = input_of(problem, row)
        if problem.severity == "error" and name in known:
            found.setdefault(name, words_of(problem, widget))
    return found


def input_of(problem: Problem, row: str) -> str:
    """The input of that row that a problem concerns: ``value`` of ``….value[2].date``."""
    return re.split(r"[.\[]", problem.path.removeprefix(f"{row}."))[0]


def words_of(problem: Problem, widget: ValueWidget | None = None) -> Text:
    """What to say at the input: in the words of the page where there are such."""
    if problem.code == "condition_value_wrong_type" and widget is not None:
        return sentences(problem.message, widget.hint)
    return _WORDS.get(problem.code) or sentences(problem.message, problem.remedy)
