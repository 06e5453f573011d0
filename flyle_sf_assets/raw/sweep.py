"""What changes without a new SystemModstamp, and must therefore be read again regularly.

Formulas, roll-ups and cross-object values (``calculated`` in describe), the standard fields of
``unstamped_fields.py``, whole records of objects that have no stamp to filter by, and conditions
whose result changes with the day, with such a field or record, with a one-to-one object, or with
an owner that may be of several objects. Values assumed to follow the stamp are compared by the
census.
"""

from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.unstamped_fields import is_listed
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import AnyOf, Condition, DateLiteral, TenantSettings


def unstamped_columns(dataset: Dataset) -> tuple[FieldSchema, ...]:
    """The columns of a dataset whose values change without the record's stamp.

    All of them when the object has no stamp that can be filtered.
    """
    if dataset.followed != "stamp":
        return dataset.columns
    return tuple(column for column in dataset.columns if is_unstamped(dataset.object, column))


def lookup_columns(plan: ReadPlan, dataset: Dataset) -> tuple[FieldSchema, ...]:
    """The columns of a dataset by which the plan joins.

    A lookup is cleared when its parent is deleted, and set again when it is undeleted: neither
    changes the child's stamp.
    """
    at = {node.path: node for node in plan.nodes}
    names = {
        node.lookup_field
        for node in plan.nodes
        if node.path and (node if node.one_to_one else at[node.path[:-1]]).dataset == dataset.name
    }
    return tuple(column for column in dataset.columns if column.name in names)


def custom_columns(dataset: Dataset) -> tuple[FieldSchema, ...]:
    """The columns whose values an edit of the object's metadata can change without a stamp.

    A custom field may be deleted and created again, or temporarily have another type. Its name has
    a suffix: ``__c``, ``__pc`` of a person account, ``__Latitude__s`` of a geolocation.
    """
    return tuple(column for column in dataset.columns if "__" in column.name)


def census_columns(plan: ReadPlan, dataset: Dataset, *, is_edited: bool) -> tuple[FieldSchema, ...]:
    """The columns by which a census compares all records with the stored ones.

    Lookups, and every field assumed to follow the stamp: the assumption relies on a list of known
    exceptions (``unstamped_fields.py``), and no list is complete. Columns of the sweep are
    excluded. Long text is excluded, because only people write it and it makes the pages of an
    answer small; after an edit of the object's metadata (``is_edited``) all custom fields are
    compared.
    """
    custom = custom_columns(dataset) if is_edited else ()
    stamped = (
        column
        for column in dataset.columns
        if not is_unstamped(dataset.object, column) and not _is_long_text(column)
    )
    return tuple(dict.fromkeys((*lookup_columns(plan, dataset), *stamped, *custom)))


def is_unstamped(object_name: str, field: FieldSchema) -> bool:
    """Whether the value of an object's field changes without the record's stamp."""
    return field.calculated or is_listed(object_name, field.name)


def _is_long_text(field: FieldSchema) -> bool:
    return field.type == "textarea" and not field.filterable


def needs_rescope(plan: ReadPlan, settings: TenantSettings) -> bool:
    """Whether records can enter or leave the scope without a new stamp."""
    if any(_moves_with_the_day(condition) for condition in _conditions(settings)):
        return True
    aliases = {extra.as_.lower() for extra in settings.source.one_to_one}
    return any(
        leaf.followed != "stamp"
        or is_unstamped(leaf.node.object, leaf.field)
        or aliases & {name.lower() for name in leaf.node.path}
        for leaf in plan.condition_leaves.values()
    )


def needs_sweep(plan: ReadPlan, settings: TenantSettings) -> bool:
    """Whether a sweep of this tenant could find anything."""
    return needs_rescope(plan, settings) or any(
        dataset.followed != "stamp" or unstamped_columns(dataset) for dataset in plan.datasets
    )


def _conditions(settings: TenantSettings) -> list[Condition]:
    found: list[Condition] = []
    for condition in settings.source.conditions:
        found += condition.any if isinstance(condition, AnyOf) else (condition,)
    return found


def _moves_with_the_day(condition: Condition) -> bool:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return any(isinstance(value, DateLiteral) for value in values)
