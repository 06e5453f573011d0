"""The user of a page, and what this user may do."""

from dataclasses import dataclass
from typing import get_args

from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import ELIGIBLE_PLANS
from flyle_sf_assets.store.tenants.console_sessions import Role

ROLES: tuple[Role, ...] = get_args(Role)

ROLE_NAMES: dict[Role, Text] = {
    "admin": Text("管理者", "Administrator"),
    "editor": Text("編集者", "Editor"),
    "contributor": Text("投稿者", "Contributor"),
}


@dataclass(frozen=True, slots=True)
class User:
    """A person of one tenant, as Flyle says: ``subject`` is the person's id there."""

    tenant: str
    subject: str
    name: str
    role: Role
    plan: str

    @property
    def may_change(self) -> bool:
        """S2: only an administrator changes the link."""
        return self.role == "admin"

    @property
    def has_plan(self) -> bool:
        """S3: only these plans have the link."""
        return self.plan in ELIGIBLE_PLANS

    @property
    def role_name(self) -> Text:
        """The role as Flyle calls it."""
        return ROLE_NAMES[self.role]

    @property
    def author(self) -> str:
        """The user as author of settings."""
        return f"console:{self.subject}"
