"""Options that describe no longer lists: their labels are kept.

In most orgs describe omits a deactivated option, and always a deleted one, while records
still have its value. The last label from describe stays the text of those records.
"""

from collections.abc import Iterator
from dataclasses import replace

from flyle_sf_assets.salesforce.schema.objects import (
    FieldSchema,
    FormerOption,
    ObjectSchema,
)
from flyle_sf_assets.salesforce.schema.picklists import (
    controlling_values,
    known_values,
    labels_of,
    plain,
    valid_under,
)


def with_former_options(new: ObjectSchema, before: ObjectSchema | None) -> ObjectSchema:
    """The schema, with the options that only ``before``, the stored schema, has.

    Picklists that are hidden now are kept too: their labels are needed when they are visible again.
    The same answer twice gives the same schema.
    """
    if before is None:
        return new
    fields = tuple(_with_former(field, new, before) for field in new.fields)
    hidden = tuple(
        replace(field, picklist_values=(), former_options=options)
        for field in (*before.fields, *before.former_fields)
        if new.field(field.name) is None
        and (options := _placed(field, list(_entries(field, before))))
    )
    return replace(new, fields=fields, former_fields=hidden)


def _with_former(field: FieldSchema, new: ObjectSchema, before: ObjectSchema) -> FieldSchema:
    known = before.field(field.name) or before.former_field(field.name)
    if known is None or not (known.picklist_values or known.former_options):
        return field
    told, known_labels = labels_of(field), labels_of(known)
    pairs = {(e.value, under) for e in _entries(field, new) for under in e.under}
    former = []
    for entry in _entries(known, before):
        if entry.value not in told:
            former.append(entry)
        elif len(known_labels[entry.value]) > 1 or len(told[entry.value]) > 1:
            # The value is a separate option under each controlling value: one may be removed alone.
            rest = tuple(under for under in entry.under if (entry.value, under) not in pairs)
            if rest:
                former.append(replace(entry, under=rest))
    return replace(field, former_options=_placed(known, former))


def _entries(field: FieldSchema, schema: ObjectSchema) -> Iterator[FormerOption]:
    """All options of a field: the listed ones, then the former ones."""
    controller = schema.field(field.controller_name) if field.controller_name else None
    above = controlling_values(controller) if controller else []
    for option in field.picklist_values:
        value = plain(option.value)
        yield FormerOption(value, plain(option.label) or value, valid_under(option, above))
    yield from field.former_options


def _placed(known: FieldSchema, options: list[FormerOption]) -> tuple[FormerOption, ...]:
    """The options in their former order, each with the value before it."""
    order = known_values(known)
    places = {value: place for place, value in enumerate(order)}
    return tuple(
        replace(one, after=order[places[one.value] - 1] if places[one.value] else None)
        for one in sorted(options, key=lambda one: places[one.value])
    )
