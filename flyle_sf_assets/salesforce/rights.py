"""What the connected user may do: use the API, read an object, administer the org.

An administrator is a user with the permission "Modify All Data" (「すべてのデータの編集」), by
profile or permission set: the standard System Administrator profile has it, and a profile's name
does not show it. Read from UserPermissionAccess, which describes only the running user and needs no
right to read other users' permissions. Sources: Field Reference Guide, "UserPermissionAccess"; REST
API Developer Guide, "List Available REST Resources" (``identity``).
"""

from dataclasses import dataclass
from http import HTTPMethod
from typing import Any
from urllib.parse import quote

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.ids import to_18
from flyle_sf_assets.salesforce.session import OrgSession

_PERMISSIONS = "SELECT PermissionsModifyAllData, PermissionsApiEnabled FROM UserPermissionAccess"
_WHO = "SELECT Id, Username FROM User WHERE Id = '{user}'"
_READ = "SELECT Id FROM {sobject} LIMIT 1"
_ORG = "SELECT Id, Name FROM Organization"


@dataclass(frozen=True, slots=True)
class Identity:
    """The org and user of the connection: ids have 18 characters."""

    org_id: str
    org_name: str
    user_id: str
    username: str


def identity(session: OrgSession) -> Identity:
    """The org and the user of a session. NotPermitted ``api_disabled`` when the API is off."""
    access = session.access
    tried = Text(
        "接続先の組織とユーザーを確認しようとしました",
        "Tried to find out which org and user this is",
    )
    org = _rows(session, _ORG, tried)
    user_id = access.user_id or _user_id(session, tried)
    user = _rows(session, _WHO.format(user=user_id), tried)
    return Identity(
        org_id=access.org_id,
        org_name=str(org[0]["Name"]) if org else "",
        user_id=user_id,
        username=str(user[0]["Username"]) if user else "",
    )


def is_administrator(session: OrgSession) -> bool:
    """Whether the running user has "Modify All Data"."""
    tried = Text("ユーザーの権限を確認しようとしました", "Tried to check the user's permissions")
    found = _rows(session, _PERMISSIONS, tried)
    return any(row.get("PermissionsModifyAllData") is True for row in found)


def check_readable(session: OrgSession, sobject: str) -> None:
    """Raises ObjectRefused or NotPermitted unless the user may read records of the object."""
    tried = Text(
        f"{sobject} の参照権限を確認しようとしました",
        f"Tried to find out whether {sobject} may be read",
    )
    _rows(session, _READ.format(sobject=sobject), tried)


def _user_id(session: OrgSession, tried: Text) -> str:
    """The running user's id, when the token's answer did not have it; one call."""
    resources = session.json(HTTPMethod.GET, session.data_path("/"), tried=tried)
    try:
        return to_18(str(resources["identity"]).rpartition("/")[2])
    except (KeyError, TypeError, ValueError) as error:
        raise faults.unreadable(
            Text.quoted(f"identity: {type(error).__name__}"), tried=tried
        ) from error


def _rows(session: OrgSession, soql: str, tried: Text) -> list[dict[str, Any]]:
    path = f"{session.data_path('/query')}?q={quote(soql)}"
    answer = session.json(HTTPMethod.GET, path, tried=tried)
    return list(answer["records"])
