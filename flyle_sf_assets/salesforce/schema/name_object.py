"""The pseudo-object Name: all that SOQL shows through a lookup that may point at several objects.

``Owner`` of most custom objects is a User or a Group. SOQL then has no column of either object:
``No such column 'Department' on entity 'Name'``, and Name itself has no SystemModstamp. Source:
Object Reference, "Name".
"""

from collections.abc import Iterable
from dataclasses import replace

from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema

NAME = ObjectSchema(
    name="Name",
    label="参照先",
    queryable=False,
    fields=(
        FieldSchema("Name", "名前", "string"),
        FieldSchema("Type", "種別", "string"),
        FieldSchema("LastName", "姓", "string"),
        FieldSchema("FirstName", "名", "string"),
        FieldSchema("Email", "メール", "email"),
        FieldSchema("Phone", "電話", "phone"),
        FieldSchema("Title", "役職", "string"),
        FieldSchema("Username", "ユーザ名", "string"),
        FieldSchema("Alias", "別名", "string"),
        FieldSchema("IsActive", "有効", "boolean"),
        FieldSchema("UserRoleId", "ロール ID", "reference"),
        FieldSchema("ProfileId", "プロファイル ID", "reference"),
    ),
)
"""As documented; SOQL cannot select from it, only reach it through a lookup."""

_PEOPLE = frozenset({"User", "Contact", "Lead"})
_USERS = frozenset({"User"})
_HAVE: dict[str, frozenset[str]] = {
    "LastName": _PEOPLE,
    "FirstName": _PEOPLE,
    "Type": frozenset({"Group"}),
}
"""The objects whose records have a value for a field of Name: without an entry only User.

Every record has a Name.
"""


def is_of_several(lookup: FieldSchema) -> bool:
    """Whether a lookup may point at several objects, so that SOQL shows Name through it."""
    return len(lookup.reference_to) > 1


def has_value(field_name: str, target: str) -> bool:
    """Whether a field of Name comes from the field of the same name on an object's records.

    False: it is blank for such records, or it is `literal`.
    """
    return field_name == "Name" or target in _HAVE.get(field_name, _USERS)


def literal(field_name: str, target: str) -> str | None:
    """The value that all records of an object have for a field of Name; None when they differ.

    Type is the object's name; of a Group it is the Group's own (``Queue``).
    """
    return target if field_name == "Type" and target != "Group" else None


def gives(field_name: str, target: str) -> bool:
    """Whether records of an object have any value for a field of Name."""
    return has_value(field_name, target) or literal(field_name, target) is not None


def seen_through(targets: Iterable[ObjectSchema]) -> ObjectSchema:
    """Name with the fields of these objects that the user can see."""
    described = tuple(targets)

    def is_shown(name: str) -> bool:
        own = [one for one in described if has_value(name, one.name)]
        is_given = any(gives(name, one.name) for one in described)
        return is_given and all(one.field(name) is not None for one in own)

    return replace(NAME, fields=tuple(field for field in NAME.fields if is_shown(field.name)))
