"""Why a field path cannot be walked in this org, and what to write instead."""

from collections.abc import Callable, Mapping

from flyle_sf_assets.check.names import Org, choices, named_field, nearest_fields
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.raw.plan import TARGETS_MAX, Fault, PathFault
from flyle_sf_assets.salesforce.schema.name_object import NAME
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.wording import listed, nearest

_HIDDEN = Text(
    "正しい名前であれば、接続に使うSalesforceユーザーにその項目の参照権限"
    "(項目レベルセキュリティ)があるかご確認ください。",
    "If the name is right, check that the connected Salesforce user may read the field "
    "(field-level security).",
)


def path_problem(fault: PathFault, place: str, settings: TenantSettings, org: Org) -> Problem:
    """The problem of one path that cannot be walked, with its path in the settings."""
    code, message, remedy = _TELLERS[fault.fault](fault, settings, org)
    return Problem(code, place, message, remedy)


Told = tuple[str, Text, Text]


def _object_unknown(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name = org.named(fault.object)
    return (
        "object_unknown",
        Text(
            f"オブジェクト「{name.ja}」がこの組織に見つからないか、"
            "接続に使うSalesforceユーザーから見えません。",
            f"This org has no object {name.en}, or the connected user cannot see it.",
        ),
        Text(
            "オブジェクトのAPI参照名をご確認ください。正しい場合は、接続に使うユーザーに"
            "そのオブジェクトの「参照」権限を付与してください。",
            "Check the object's API name. If it is right, give the connected user Read access.",
        ),
    )


def _field_unknown(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name, schema = org.named(fault.object), org.object(fault.object)
    near = nearest_fields(schema, fault.segment) if schema else ()
    above = org.over_lookups(schema, fault.segment) if schema else ()
    message = Text(
        f"{name.ja}に「{fault.segment}」という項目は見つかりません。",
        f'{name.en} has no field "{fault.segment}" that the connected user can see.',
    )
    named = choices([*(named_field(field) for field in near), *(Text(p, p) for p in above)])
    if not named.ja:
        return "field_unknown", message, _HIDDEN
    return (
        "field_unknown",
        message,
        Text(f"もしかして: {named.ja}。{_HIDDEN.ja}", f"Did you mean: {named.en}? {_HIDDEN.en}"),
    )


def _lookup_unknown(fault: PathFault, settings: TenantSettings, org: Org) -> Told:
    name, schema = org.named(fault.object), org.object(fault.object)
    lookups = [f for f in schema.fields if f.relationship_name] if schema else []
    field = schema.field(fault.segment) if schema else None
    message = Text(
        f"「{fault.path}」: {name.ja}に「{fault.segment}」という参照関係は見つかりません。",
        f'{fault.path}: {name.en} has no lookup that is followed as "{fault.segment}".',
    )
    if field is not None and field.relationship_name:
        right = fault.path.replace(fault.segment, field.relationship_name, 1)
        remedy = Text(
            f"参照をたどるときは項目名ではなく参照名を使います。「{right}」と書いてください。",
            f"To follow a lookup, use its relationship name: write {right}.",
        )
        return "lookup_unknown", message, remedy
    if field is not None:
        remedy = Text(
            f"「{named_field(field).ja}」は参照項目ではないため、その先の項目はたどれません。",
            f"{named_field(field).en} is not a lookup; nothing can be followed from it.",
        )
        return "lookup_unknown", message, remedy
    near = _nearest_lookups(fault.segment, lookups)
    elsewhere = [e for e in settings.source.one_to_one if e.as_.lower() == fault.segment.lower()]
    if elsewhere:
        remedy = Text(
            f"「{fault.segment}」は {elsewhere[0].of} の1:1オブジェクトとして宣言されています。"
            f"{elsewhere[0].of} からたどってください。",
            f"{fault.segment} is declared as a one-to-one object of {elsewhere[0].of}: "
            "follow it from there.",
        )
    elif near:
        named = choices(near)
        remedy = Text(f"もしかして: {named.ja}", f"Did you mean: {named.en}?")
    else:
        names = listed(str(lookup.relationship_name) for lookup in lookups[:10])
        remedy = Text(
            f"たどれる参照: {names or 'ありません'}",
            f"Lookups that can be followed: {names or '-'}.",
        )
    return "lookup_unknown", message, remedy


def _nearest_lookups(word: str, lookups: list[FieldSchema]) -> list[Text]:
    names = {str(lookup.relationship_name): lookup for lookup in lookups}
    by_label = {lookup.label: str(lookup.relationship_name) for lookup in lookups}
    found = [*nearest(word, names), *(by_label[label] for label in nearest(word, by_label))]
    return [
        Text(f"{name}({names[name].label})", f"{name} (“{names[name].label}”)")
        for name in dict.fromkeys(found)
    ]


def _one_to_many(fault: PathFault, settings: TenantSettings, org: Org) -> Told:
    parent, child = org.named(fault.object), org.named(fault.detail)
    message = Text(
        f"「{fault.path}」は連携できません。{parent.ja}と{child.ja}は 1:多数 の関係にあります。"
        "〈単数←多数〉は連携が可能ですが、〈単数→多数〉はできません。",
        f"{fault.path} cannot be linked: one {parent.en} has many {child.en} records. "
        "From many to one is possible, from one to many is not.",
    )
    tail = fault.path.split(".")
    rest = ".".join(tail[[part.lower() for part in tail].index(fault.segment.lower()) + 1 :])
    base = settings.source.object
    if fault.detail == "Opportunity" and base == "Account":
        above = ".".join(tail[: [part.lower() for part in tail].index(fault.segment.lower())])
        account = f"Account.{above}.…" if above else "Account.…"
        remedy = Text(
            "商談オブジェクトを起点(source.object: Opportunity)にすると連携できます。"
            f"その場合、この項目は「{rest}」、取引先の項目は「{account}」と書きます。",
            "It is possible with Opportunity as the base object (source.object: Opportunity). "
            f"Then this field is written {rest}, and fields of the account {account}",
        )
    elif fault.detail == base:
        remedy = Text(
            f"{child.ja}が起点ですので、この項目は「{rest}」とそのまま書けます。",
            f"{child.en} is the base object: write this field as {rest}.",
        )
    else:
        remedy = Text(
            f"起点にできるのは取引先か商談だけのため、{child.ja}を起点にすることはできません。"
            f"{parent.ja}1件につき{child.ja}が多くとも1件(1:1の関係)であれば、"
            "source.one_to_one に宣言すると連携できます。",
            f"Only Account and Opportunity can be the base object, so {child.en} cannot. "
            f"If each {parent.en} has at most one {child.en}, declare it in source.one_to_one.",
        )
    return "one_to_many", message, remedy


def _several_targets(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    targets = choices(org.named(name) for name in fault.detail.split(", "))
    return (
        "several_targets",
        Text(
            f"「{fault.path}」: 「{fault.segment}」は{TARGETS_MAX}種類を超えるオブジェクト"
            f"({targets.ja})を参照するため、その先の項目はたどれません。",
            f'{fault.path}: "{fault.segment}" may point at more than {TARGETS_MAX} objects '
            f"({targets.en}), so nothing can be followed from it.",
        ),
        Text(
            "参照先のIDであればそのまま連携できます。先の項目が必要な場合は、"
            "Salesforceに数式項目を作成してください。",
            "The id itself can be mapped. For a field behind it, make a formula field in "
            "Salesforce.",
        ),
    )


def _beyond_name(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    targets = choices(org.named(name) for name in fault.detail.split(", "))
    names = listed(field.name for field in NAME.fields)
    return (
        "beyond_name",
        Text(
            f"「{fault.path}」: 複数の種類のオブジェクト({targets.ja})を参照する項目の先では、"
            f"「{fault.segment}」は読み取れません。Salesforceが返すのは共通の項目(Name)だけです。",
            f'{fault.path}: "{fault.segment}" cannot be read through a lookup to several objects '
            f"({targets.en}); Salesforce shows only the fields that they share (Name).",
        ),
        Text(
            f"選択できる項目: {names}。ほかの項目が必要な場合は、"
            "Salesforceに数式項目を作成してください。",
            f"Choose one of {names}. For another field, make a formula field in Salesforce.",
        ),
    )


def _external_lookup(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name = org.named(fault.detail)
    return (
        "external_lookup",
        Text(
            f"「{fault.path}」: 「{fault.segment}」はSalesforceのIDではなく外部システムのIDで"
            f"{name.ja}と結び付くため、その先の項目はたどれません。",
            f'{fault.path}: "{fault.segment}" is joined with {name.en} by an id of another system, '
            "not by a Salesforce Id, so nothing can be followed from it.",
        ),
        Text(
            "必要な値をSalesforceの項目に保存してください(フローなど)。",
            "Keep the value in a field of Salesforce (by a flow, say) and map that field.",
        ),
    )


def _not_followed(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name = org.named(fault.object)
    return (
        "not_followed",
        Text(
            f"「{fault.path}」: {name.ja}のレコードはSystemModstampでもIDでも絞り込めないため、"
            "変更を追えません。",
            f"{fault.path}: records of {name.en} cannot be filtered by SystemModstamp or by Id, so "
            "their changes cannot be followed.",
        ),
        Text(
            "別のオブジェクトの項目を選ぶか、Salesforceに数式項目を作成してください。",
            "Choose a field of another object, or make a formula field in Salesforce.",
        ),
    )


def _lookup_of_other_object(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name, of = org.named(fault.object), org.named(fault.detail)
    return (
        "one_to_one_lookup_of_other_object",
        Text(
            f"{name.ja}の「{fault.segment}」は{of.ja}を参照する項目ではありません。",
            f"{fault.segment} of {name.en} does not point at {of.en}.",
        ),
        Text(
            f"lookup に、{of.ja}を参照する項目のAPI参照名を書いてください。",
            f"Let lookup name a field that points at {of.en}.",
        ),
    )


def _too_deep(fault: PathFault, _: TenantSettings, __: Org) -> Told:
    return (
        "path_too_deep",
        Text(
            f"「{fault.path}」は参照をたどりすぎています。たどれるのは5段までです。",
            f"{fault.path} follows too many relationships; at most five can be followed.",
        ),
        Text("より近いオブジェクトの項目を選んでください。", "Choose a field that is nearer."),
    )


def _system_field(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name = org.named(fault.object)
    return (
        "system_field",
        Text(
            f"{name.ja}の「{fault.segment}」は変更の検知に使う項目のため、連携できません。",
            f"{fault.segment} of {name.en} is used to follow changes and cannot be mapped.",
        ),
        Text(
            "更新日時が必要な場合は LastModifiedDate を選んでください。",
            "For the time of the last change, map LastModifiedDate.",
        ),
    )


def _controller_unknown(fault: PathFault, _: TenantSettings, org: Org) -> Told:
    name = org.named(fault.object)
    return (
        "controller_unknown",
        Text(
            f"{name.ja}の「{fault.detail}」の表示ラベルは制御項目「{fault.segment}」の値で決まりますが、"
            "その項目が接続に使うSalesforceユーザーから見えません。",
            f"The labels of {fault.detail} of {name.en} depend on the controlling field "
            f"{fault.segment}, which the connected user cannot see.",
        ),
        Text(
            f"接続に使うユーザーに「{fault.segment}」の参照権限を付与するか、"
            "型を「single_select」にしてAPI参照名のまま連携してください。",
            f"Give the connected user read access to {fault.segment}, or choose the type "
            "single_select, which keeps the API value.",
        ),
    )


_TELLERS: Mapping[Fault, Callable[[PathFault, TenantSettings, Org], Told]] = {
    "object_unknown": _object_unknown,
    "field_unknown": _field_unknown,
    "lookup_unknown": _lookup_unknown,
    "one_to_many": _one_to_many,
    "several_targets": _several_targets,
    "beyond_name": _beyond_name,
    "external_lookup": _external_lookup,
    "not_followed": _not_followed,
    "lookup_of_other_object": _lookup_of_other_object,
    "too_deep": _too_deep,
    "system_field": _system_field,
    "controller_unknown": _controller_unknown,
}


def lookup_fields_to(schema: ObjectSchema, object_name: str) -> tuple[FieldSchema, ...]:
    """The lookups of an object that point at another one."""
    wanted = object_name.lower()
    return tuple(f for f in schema.fields if wanted in (name.lower() for name in f.reference_to))
