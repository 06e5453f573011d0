"""Fields of settings that fitted once and cannot be read now, with the remedy for each.

Such a field is not written and keeps its last value; all other fields are still synced, and when
the field is available again it is read again automatically.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.types import allowed_types
from flyle_sf_assets.errors import Text
from flyle_sf_assets.raw.plan import PathFault, ReadPlan

FIELD_NOT_READABLE = "field_not_readable"
OBJECT_NOT_READABLE = "object_not_readable"
FIELD_TYPE_CHANGED = "field_type_changed"

CODES = (FIELD_NOT_READABLE, OBJECT_NOT_READABLE, FIELD_TYPE_CHANGED)


@dataclass(frozen=True, slots=True)
class Drift:
    """One mapped field that cannot be read now. ``object`` and ``field`` are Salesforce's names."""

    code: str
    object: str
    field: str
    message: Text
    remedy: Text


def drifts(plan: ReadPlan, fields: Sequence[CompanyField]) -> tuple[Drift, ...]:
    """One entry per mapped path that the plan could not walk, or whose type no longer fits."""
    faults = {fault.path: fault for fault in plan.faults}
    found: list[Drift] = []
    for field in fields:
        if field.readable:
            continue
        fault = faults.get(field.source_path)
        found.append(_retyped(plan, field) if fault is None else _lost(fault, field))
    return tuple({(one.code, one.object, one.field): one for one in found}.values())


def _lost(fault: PathFault, field: CompanyField) -> Drift:
    if fault.fault == "object_unknown":
        return Drift(
            OBJECT_NOT_READABLE,
            fault.object,
            field.source_path,
            Text(
                f"オブジェクト「{fault.object}」が読み取れないため、「{field.label}」の更新を止めています"
                "(最後の値を保持)。",
                f"The object {fault.object} is not readable, so “{field.label}” is not updated "
                "(its last value stays).",
            ),
            Text(
                f"Salesforceで連携ユーザーに「{fault.object}」の参照権限を付与してください。",
                f"Give the connected user read access to {fault.object} in Salesforce.",
            ),
        )
    return Drift(
        FIELD_NOT_READABLE,
        fault.object,
        fault.segment,
        Text(
            f"「{fault.object}」の項目「{fault.segment}」が読み取れないため、「{field.label}」の更新を"
            "止めています(最後の値を保持)。",
            f"The field {fault.segment} of {fault.object} is not readable, so “{field.label}” is"
            " not updated (its last value stays).",
        ),
        Text(
            "Salesforceで項目レベルセキュリティを確認して連携ユーザーに参照権限を付与するか、"
            "削除された項目であれば項目の対応を変更してください。",
            "Check field-level security in Salesforce and give the connected user read access, or "
            "change the mapping when the field was deleted or renamed.",
        ),
    )


def _retyped(plan: ReadPlan, field: CompanyField) -> Drift:
    leaf = plan.leaves[field.source_path]
    allowed = ", ".join(allowed_types(leaf.field)) or "-"
    return Drift(
        FIELD_TYPE_CHANGED,
        leaf.node.object,
        leaf.field.name,
        Text(
            f"「{leaf.node.object}」の項目「{leaf.field.name}」の型が {leaf.field.type} に変わり、"
            f"「{field.label}」({field.type})として更新できません(最後の値を保持)。",
            f"The field {leaf.field.name} of {leaf.node.object} is now of type {leaf.field.type} "
            f"and cannot become “{field.label}” ({field.type}); its last value stays.",
        ),
        Text(
            f"項目の対応で型を選び直してください。選択できる型: {allowed}",
            f"Choose another type in the mapping. Allowed: {allowed}.",
        ),
    )
