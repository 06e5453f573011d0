"""Settings compared with an org: every problem at once, with its path and line."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flyle_sf_assets.check.conditions import (
    condition_problems,
    one_to_one_in_any,
    placed_conditions,
)
from flyle_sf_assets.check.currencies import currency_problems
from flyle_sf_assets.check.names import Org, named_field
from flyle_sf_assets.check.one_to_one import broken, one_to_one_problems
from flyle_sf_assets.check.paths import path_problem
from flyle_sf_assets.companies.types import allowed_types, unsupported_reason
from flyle_sf_assets.errors import FlyleError, Problem, Text
from flyle_sf_assets.raw.plan import NAME_FIELD, Leaf, PathFault, ReadPlan
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.models import FieldMapping, TenantSettings
from flyle_sf_assets.settings.wording import LineMap, item_path, listed

OPPORTUNITY_NAMES = Text(
    "商談オブジェクトを起点に連携する場合、Flyleの企業名にSalesforceの商談名が"
    "自動的に入ることになります。",
    "With Opportunity as the base object, the company's name in Flyle becomes the "
    "opportunity's name.",
)
OPPORTUNITY_ADVICE = Text(
    "商談名だけで企業を判別できない場合はフィードバックとの紐付けなどの運用が困難なため、"
    "取引先オブジェクトを起点に連携することを推奨しています。"
    "「部署名_株式会社名」「製品名_株式会社名」のような商談名で運用されている場合は"
    "このままで問題ありません。",
    "If an opportunity's name does not tell which company it is, choose Account, which is "
    'recommended. Names such as "department_company" or "product_company" are fine.',
)


def problems(
    settings: TenantSettings,
    plan: ReadPlan,
    schemas: Mapping[str, ObjectSchema | None],
    lines: LineMap | None = None,
) -> tuple[Problem, ...]:
    """Everything in the settings that this org does not allow, or that needs a warning.

    ``plan`` must be made from these ``schemas``, which have every object that
    `raw.plan.objects_missing` named (None for one that the org does not show).
    Problems have lines when ``lines`` is given, and are in the order of the file.

    No request is sent and nothing raised. Errors make the settings unusable, warnings do not.

    Example: ``check/test_fit.py``
    """
    org = Org(schemas)
    found = [
        *_base(settings, plan, org),
        *one_to_one_problems(settings, org),
        *_faults(settings, plan, org),
        *_types(settings, plan),
        *_conditions(settings, plan),
        *currency_problems(settings.mapping, plan, schemas),
    ]
    return _placed(found, lines)


def not_compared(error: FlyleError) -> Problem:
    """The warning that the org could not be asked, beside a file's own problems."""
    return Problem(
        "not_compared",
        "",
        Text(
            f"Salesforceの組織とは比較していません ({error.code}): {error.history.ja}",
            f"Not compared with the org ({error.code}): {error.history.en}",
        ),
        error.remedy,
        severity="warning",
    )


def _base(settings: TenantSettings, plan: ReadPlan, org: Org) -> Iterator[Problem]:
    """The base object: does it exist, and can its name be a company's name?"""
    # The walk to the company's name starts and ends at the base object.
    fault = next((fault for fault in plan.faults if fault.path == NAME_FIELD), None)
    if fault is not None:
        yield path_problem(fault, "source.object", settings, org)
    if settings.source.object == "Opportunity":
        yield Problem(
            "opportunity_names",
            "source.object",
            OPPORTUNITY_NAMES,
            OPPORTUNITY_ADVICE,
            severity="warning",
        )


def _faults(settings: TenantSettings, plan: ReadPlan, org: Org) -> Iterator[Problem]:
    """Paths that cannot be walked, wherever the settings name them."""
    told_elsewhere = broken(settings, org)
    if any(f.fault == "object_unknown" and f.path == NAME_FIELD for f in plan.faults):
        told_elsewhere |= {plan.base_object.lower()}
    faults: dict[str, PathFault] = {}
    for fault in plan.faults:
        if fault.object.lower() not in told_elsewhere:
            faults.setdefault(fault.path, fault)
    for index, mapping in enumerate(settings.mapping):
        if mapping.from_ in faults:
            place = f"{item_path('mapping', index)}.from"
            yield path_problem(faults[mapping.from_], place, settings, org)
    for placed in placed_conditions(settings.source):
        path = placed.condition.field
        # A system field cannot be mapped, but a condition may use it.
        if path in faults and path not in plan.condition_leaves:
            yield path_problem(faults[path], f"{placed.place}.field", settings, org)


def _types(settings: TenantSettings, plan: ReadPlan) -> Iterator[Problem]:
    for index, mapping in enumerate(settings.mapping):
        leaf = plan.leaves.get(mapping.from_)
        if leaf is not None:
            yield from _type(mapping, leaf, item_path("mapping", index))


def _type(mapping: FieldMapping, leaf: Leaf, place: str) -> Iterator[Problem]:
    name, allowed = named_field(leaf.field), allowed_types(leaf.field)
    if not allowed:
        reason = unsupported_reason(leaf.field)
        yield Problem(
            "field_not_supported",
            f"{place}.from",
            Text(f"「{name.ja}」: {reason.ja}。", f"{name.en}: {reason.en}."),
            Text(
                "Flyleでサポートされているデータ型の項目を選んでください。",
                "Choose a field of a type that Flyle supports.",
            ),
        )
    elif mapping.type is not None and mapping.type not in allowed:
        yield Problem(
            "type_not_allowed",
            f"{place}.type",
            Text(
                f"「{name.ja}」(Salesforceの型: {leaf.field.type})は"
                f"「{mapping.type}」として連携できません。",
                f"{name.en}, of Salesforce type {leaf.field.type}, cannot become {mapping.type}.",
            ),
            Text(f"選択できる型: {listed(allowed)}", f"Allowed: {listed(allowed)}."),
        )


def _conditions(settings: TenantSettings, plan: ReadPlan) -> Iterator[Problem]:
    names = frozenset(extra.as_.lower() for extra in settings.source.one_to_one)
    for placed in placed_conditions(settings.source):
        leaf = plan.condition_leaves.get(placed.condition.field)
        if leaf is not None:
            yield from condition_problems(placed, leaf)
            yield from one_to_one_in_any(placed, names)


def _placed(found: list[Problem], lines: LineMap | None) -> tuple[Problem, ...]:
    if lines is None:
        return tuple(found)
    placed = [replace(p, line=lines.nearest_line(p.path), file=lines.file) for p in found]
    return tuple(sorted(placed, key=lambda problem: problem.line or 0))
