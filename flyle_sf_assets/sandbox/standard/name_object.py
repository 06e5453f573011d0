"""The pseudo-object Name: what SOQL shows through a lookup that may refer to several objects.

Source: Object Reference, "Name": Alias, Email, IsActive, Phone, ProfileId, Title, Username and
UserRoleId have a value for users only, FirstName and LastName for people. No SystemModstamp and
no custom field is among them. That Type of a group is the group's own type is an assumption.
"""

from collections.abc import Mapping

from flyle_sf_assets.sandbox.metadata import SObject
from flyle_sf_assets.sandbox.standard import kinds as k

NAME = SObject(
    "Name",
    "名前",
    "名前",
    "",
    (
        # Every query needs these; no describe of Name lists them.
        k.system_fields(owner=())[0],
        k.text("Name", "名前"),
        k.text("Type", "種別", 40),
        k.text("LastName", "姓", 80),
        k.text("FirstName", "名", 40),
        k.email("Email", "メール"),
        k.phone("Phone", "電話"),
        k.text("Title", "役職", 80),
        k.text("Username", "ユーザ名", 80),
        k.text("Alias", "別名", 8),
        k.boolean("IsActive", "有効"),
        k.lookup("UserRoleId", "ロール ID", "UserRole", "UserRole"),
        k.lookup("ProfileId", "プロファイル ID", "Profile", "Profile"),
    ),
    queryable=False,
    undeletable=False,
)

_USERS, _PEOPLE = frozenset({"User"}), frozenset({"User", "Contact", "Lead"})
_HAVE: Mapping[str, frozenset[str]] = {
    "Type": frozenset({"Group"}),
    "LastName": _PEOPLE,
    "FirstName": _PEOPLE,
    **dict.fromkeys(
        (
            "Email",
            "Phone",
            "Title",
            "Username",
            "Alias",
            "IsActive",
            "UserRoleId",
            "ProfileId",
        ),
        _USERS,
    ),
}


def is_of(target: SObject, field_name: str) -> bool:
    """Whether records of an object give Name their own field of that name."""
    objects = _HAVE.get(field_name)
    is_there = field_name.lower() in target.by_name
    return is_there and (objects is None or target.name in objects)


def constant(target: SObject, field_name: str) -> str | None:
    """The value of all records of an object in a field of Name: their object, as Type."""
    return target.name if field_name == "Type" and target.name != "Group" else None
