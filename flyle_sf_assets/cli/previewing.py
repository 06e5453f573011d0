"""``flyle-sf preview``: what the settings would do, for users and for scripts."""

from dataclasses import replace
from typing import Any, cast

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.cli.terminal.language import language
from flyle_sf_assets.cli.terminal.output import (
    error_document,
    print_problems,
    problem_document,
    raw_json,
    shown_phrase,
    to_stdout,
)
from flyle_sf_assets.companies.display import shown_change
from flyle_sf_assets.errors import FlyleError, SettingsInvalid, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.preview.impact import Example, Figure, Impact
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.tenants.candidate_settings import drafted_settings
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets.tenants.settings_history import change_in_words

_FIGURES: tuple[tuple[str, Text], ...] = (
    ("created", Text("新しく作られる企業", "companies created")),
    ("changed", Text("内容が変わる企業", "companies changed")),
    ("returning", Text("うち 対象に戻る企業", "of these coming back")),
    ("leaving", Text("対象から外れる企業", "companies leaving")),
    ("blanked", Text("値が空になる企業", "companies with a value blanked")),
    ("overwritten", Text("既存の値が上書きされる企業", "companies whose own value is replaced")),
    ("options_added", Text("追加される選択肢", "options added")),
)
_KINDS = {
    "created": Text("新規", "created"),
    "returning": Text("復帰", "returning"),
    "changed": Text("変更", "changed"),
    "leaving": Text("対象外", "leaving"),
    "blanked": Text("空になる", "blanked"),
}
_VALUES_SHOWN = 6


def impact_of(opened: Installation, tenant: str) -> Impact:
    """The preview of the tenant's settings file, draft, or current settings."""
    drafted = drafted_settings(opened, tenant)
    found = preview(opened, drafted.settings)
    return replace(found, problems=(*drafted.warnings, *found.problems))


def impact_json(impact: Impact) -> str:
    """The one JSON object of ``--json``, values exactly as companies hold them."""
    return msgspec.json.encode(document(impact)).decode()


def document(impact: Impact) -> dict[str, Any]:
    """What ``--json`` prints."""
    figures = {name: _figure(impact, name) for name, _ in _FIGURES}
    return {
        "tenant": impact.tenant,
        "version": impact.version,
        **{name: figure.count for name, figure in figures.items()},
        "api_calls": impact.cost.api_calls,
        "exact": impact.exact,
        "estimated": [name for name, figure in figures.items() if not figure.exact],
        "matching": impact.matching,
        "linked": impact.linked,
        "records": impact.cost.records,
        "seconds": impact.cost.seconds,
        "sampled": impact.sampled,
        "preview_api_calls": impact.preview_api_calls,
        "fields": [
            {
                "field": one.key,
                "label": one.label,
                "changed": one.changed.count,
                "blanked": one.blanked.count,
                "overwritten": one.overwritten.count,
                "exact": one.changed.exact and one.blanked.exact,
            }
            for one in impact.fields
        ],
        "options": [
            {
                "field": one.key,
                "value": one.value,
                "label": one.option_label,
                "active": one.active,
            }
            for one in impact.options
        ],
        "examples": [_example(one) for one in impact.examples],
        "diff": [
            {"path": c.path, "before": c.before, "after": c.after, "text": c.text.en}
            for c in impact.changes
        ],
        "problems": [problem_document(problem) for problem in impact.problems],
    }


def no_impact(error: FlyleError) -> dict[str, Any]:
    """What ``--json`` prints when there is an error instead."""
    problems = error.problems if isinstance(error, SettingsInvalid) else ()
    return {
        "problems": [problem_document(problem) for problem in problems],
        "error": error_document(error),
    }


def changes_of(opened: Installation, tenant: str) -> tuple[Phrase, ...]:
    """What the settings that would be applied change of the current ones, in the org's labels."""
    before = registered_settings(opened, tenant)
    return change_in_words(opened, before, drafted_settings(opened, tenant).settings)


def print_impact(impact: Impact, changes: tuple[Phrase, ...] = ()) -> None:
    """The diff, the figures, a few companies, and the cost."""
    console, words = to_stdout(), language()
    for told in changes:
        console.print(RichText("  ") + shown_phrase(told))
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for name, label in _FIGURES:
        figure = _figure(impact, name)
        about = "" if figure.exact else Text("約 ", "about ").in_language(words)
        table.add_row(label.in_language(words), f"{about}{figure.count:,}")
    console.print(table)
    for one in impact.examples:
        kind = _KINDS[one.kind].in_language(words)
        name = " ".join(one.name.split())
        console.print(f"{kind}: {name} ({one.external_id})")
        for value in one.values[:_VALUES_SHOWN]:
            before, after = shown_change(value.before, value.after)
            arrow = after or "-" if value.before is None else f"{before or '-'} → {after or '-'}"
            console.print(f"  {value.label}: {arrow}")
    console.print(_cost(impact).in_language(words))
    if not impact.exact:
        note = Text(
            f"「約」は {impact.sampled:,} 件のレコードからの推定です。",
            f'"about" is an estimate from {impact.sampled:,} records.',
        )
        console.print(note.in_language(words))
    print_problems(impact.problems)


def _figure(impact: Impact, name: str) -> Figure:
    return cast("Figure", getattr(impact, name))


def _cost(impact: Impact) -> Text:
    cost = impact.cost
    return Text(
        f"次の同期: API {cost.api_calls} 回、レコード {cost.records:,} 件、およそ {cost.seconds} 秒"
        f"(このプレビュー: API {impact.preview_api_calls} 回)",
        f"Next sync: {cost.api_calls} API calls, {cost.records:,} records, about {cost.seconds} s"
        f" (this preview: {impact.preview_api_calls} calls)",
    )


def _example(one: Example) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "external_id": one.external_id,
        "name": one.name,
        "values": [
            {
                "field": value.key,
                "label": value.label,
                "before": raw_json(value.before),
                "after": raw_json(value.after),
            }
            for value in one.values
        ],
    }
