"""User, Profile, Group, Contact, and the org's own record."""

from flyle_sf_assets.sandbox.metadata import SObject
from flyle_sf_assets.sandbox.standard import kinds as k

TIME_ZONES = k.options(
    "Asia/Tokyo",
    "UTC",
    "America/Los_Angeles",
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "GMT",
)
"""``TimeZoneSidKey`` holds IANA names (a picklist that is not restricted here)."""


def user() -> SObject:
    """The User object (no recycle bin: users are deactivated, not deleted)."""
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name != "IsDeleted"),
        k.text("Username", "ユーザ名", 80, nillable=False, unique=True, id_lookup=True),
        k.text("LastName", "姓", 80, nillable=False),
        k.text("FirstName", "名", 40),
        k.text("Name", "氏名", 121, createable=False, updateable=False, name_field=True),
        k.email("Email", "メール"),
        k.text("Alias", "別名", 8, nillable=False),
        k.text("Department", "部署", 80),
        k.text("Title", "役職", 80),
        k.phone("Phone", "電話"),
        k.boolean("IsActive", "有効"),
        k.picklist("TimeZoneSidKey", "タイムゾーン", TIME_ZONES, nillable=False),
        k.picklist("LocaleSidKey", "地域", k.options("ja_JP", "en_US"), nillable=False),
        k.picklist("LanguageLocaleKey", "言語", k.options("ja", "en_US"), nillable=False),
        k.lookup("ManagerId", "マネージャ ID", "User", "Manager", children="ManagedUsers"),
        k.lookup("ProfileId", "プロファイル ID", "Profile", "Profile"),
        k.picklist("UserType", "ユーザ種別", k.options("Standard"), nillable=False),
    )
    return SObject("User", "ユーザ", "ユーザ", "005", fields, undeletable=False)


def profile() -> SObject:
    """The Profile object, with the two permissions that mark an administrator."""
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name != "IsDeleted"),
        k.text("Name", "プロファイル名", 255, nillable=False, name_field=True),
        k.boolean("PermissionsModifyAllData", "すべてのデータの編集"),
        k.boolean("PermissionsApiEnabled", "API の有効化"),
    )
    return SObject("Profile", "プロファイル", "プロファイル", "00e", fields, undeletable=False)


def user_permission_access() -> SObject:
    """What the running user may do, by profile and permission sets: a row made for each query."""
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name == "Id"),
        k.boolean("PermissionsModifyAllData", "すべてのデータの編集"),
        k.boolean("PermissionsApiEnabled", "API の有効化"),
    )
    label = "ユーザ権限アクセス"
    return SObject("UserPermissionAccess", label, label, "0Pu", fields, undeletable=False)


def group() -> SObject:
    """Groups and queues, which may own custom records."""
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name != "IsDeleted"),
        k.text("Name", "名前", 40, nillable=False, name_field=True),
        k.picklist("Type", "種別", k.options("Regular", "Queue"), nillable=False),
    )
    return SObject("Group", "グループ", "グループ", "00G", fields, undeletable=False)


def organization() -> SObject:
    """The org's own record."""
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name != "IsDeleted"),
        k.text("Name", "名前", 80, nillable=False, name_field=True),
        k.boolean("IsSandbox", "Sandbox"),
        k.picklist("OrganizationType", "組織種別", k.options("Enterprise Edition")),
        k.text("InstanceName", "インスタンス", 5),
        k.picklist("TimeZoneSidKey", "タイムゾーン", TIME_ZONES),
        k.text("NamespacePrefix", "名前空間", 15),
    )
    return SObject("Organization", "組織", "組織", "00D", fields, undeletable=False)


def contact() -> SObject:
    """The Contact object."""
    fields = (
        *k.system_fields(),
        k.master_record("Contact"),
        k.lookup(
            "AccountId",
            "取引先 ID",
            "Account",
            "Account",
            children="Contacts",
            cascade_delete=True,
        ),
        k.text("LastName", "姓", 80, nillable=False),
        k.text("FirstName", "名", 40),
        k.text("Name", "氏名", 121, createable=False, updateable=False, name_field=True),
        k.email("Email", "メール"),
        k.phone("Phone", "電話"),
        k.text("Title", "役職", 128),
        k.lookup("ReportsToId", "上司 ID", "Contact", "ReportsTo", children="Reports"),
    )
    return SObject("Contact", "取引先責任者", "取引先責任者", "003", fields, mergeable=True)
