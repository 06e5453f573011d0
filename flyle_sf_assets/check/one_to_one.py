"""Declared one-to-one objects compared with the org.

Whether each record really has at most one is not known from describe; the sync detects it.
"""

from collections.abc import Iterator

from flyle_sf_assets.check.names import Org, choices, named_field, nearest_fields
from flyle_sf_assets.check.paths import lookup_fields_to
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.models import OneToOne, TenantSettings
from flyle_sf_assets.settings.wording import item_path


def one_to_one_problems(settings: TenantSettings, org: Org) -> Iterator[Problem]:
    """Objects, lookups and names that the org does not have, or has already.

    Objects that were never described (no path goes through them) are skipped.
    """
    for index, extra in enumerate(settings.source.one_to_one):
        place = item_path("source.one_to_one", index)
        yield from _shadowed(extra, place, org)
        yield from _declared(extra, place, org)


def broken(settings: TenantSettings, org: Org) -> frozenset[str]:
    """The objects, in lower case, whose declaration is already reported as wrong."""
    declared = settings.source.one_to_one
    return frozenset(e.object.lower() for e in declared if any(_declared(e, "", org)))


def _declared(extra: OneToOne, place: str, org: Org) -> Iterator[Problem]:
    if not org.has_asked(extra.object):
        return
    schema = org.object(extra.object)
    if schema is None or not schema.queryable:
        yield _object_unknown(extra.object, f"{place}.object")
    else:
        yield from _lookup(extra, schema, f"{place}.lookup", org)


def _object_unknown(name: str, place: str) -> Problem:
    return Problem(
        "object_unknown",
        place,
        Text(
            f"オブジェクト「{name}」がこの組織に見つからないか、"
            "接続に使うSalesforceユーザーから見えません。",
            f"The object {name} does not exist in this org, or the connected user cannot see it.",
        ),
        Text(
            "API参照名(カスタムオブジェクトは末尾が __c)をご確認ください。正しい場合は、"
            "接続に使うユーザーに「参照」権限を付与してください。",
            "Check the API name (custom objects end in __c). If it is right, give the connected "
            "user Read access.",
        ),
    )


def _lookup(extra: OneToOne, schema: ObjectSchema, place: str, org: Org) -> Iterator[Problem]:
    field = schema.field(extra.lookup)
    name, of = org.named(schema.name), org.named(extra.of)
    if field is not None and extra.of.lower() in (target.lower() for target in field.reference_to):
        return
    fitting = lookup_fields_to(schema, extra.of)
    by_relationship = schema.lookup(extra.lookup)
    if by_relationship is not None and by_relationship in fitting:
        fitting = (by_relationship,)
    if fitting:
        named = choices(named_field(f) for f in fitting)
        remedy = Text(
            f"{of.ja}を参照する項目: {named.ja}", f"Fields that point at {of.en}: {named.en}."
        )
    else:
        remedy = Text(
            f"{name.ja}に{of.ja}を参照する項目がありません。object と of の指定をご確認ください。",
            f"No field of {name.en} points at {of.en}. Check object and of.",
        )
    if field is None:
        near = choices(named_field(f) for f in nearest_fields(schema, extra.lookup))
        yield Problem(
            "field_unknown",
            place,
            Text(
                f"{name.ja}に「{extra.lookup}」という項目は見つかりません。",
                f'{name.en} has no field "{extra.lookup}" that the connected user can see.',
            ),
            remedy
            if fitting or not near.ja
            else Text(f"{remedy.ja}似た項目: {near.ja}", f"{remedy.en} Similar: {near.en}."),
        )
        return
    yield Problem(
        "one_to_one_lookup_of_other_object",
        place,
        Text(
            f"{name.ja}の「{named_field(field).ja}」は{of.ja}を参照する項目ではありません。",
            f"{named_field(field).en} of {name.en} does not point at {of.en}.",
        ),
        remedy,
    )


def _shadowed(extra: OneToOne, place: str, org: Org) -> Iterator[Problem]:
    of = org.object(extra.of)
    if of is None:
        return
    children = (c.relationship_name.lower() for c in of.child_relationships if c.relationship_name)
    if of.lookup(extra.as_) is None and extra.as_.lower() not in children:
        return
    name = org.named(extra.of)
    yield Problem(
        "one_to_one_shadows",
        f"{place}.as",
        Text(
            f"{name.ja}にはすでに「{extra.as_}」という参照関係があります。",
            f'{name.en} already has a relationship called "{extra.as_}".',
        ),
        Text("as に別の名前を付けてください。", "Choose another name for as."),
    )
