"""Roles, all tables of the read contract, and the store's own tables; RLS on every one of them."""

from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import op

from flyle_sf_assets.errors import StoreError, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SET_RIGHT_SINCE = 160000
"""PostgreSQL 16 distinguishes SET ROLE from membership."""

ROLES = ("flyle_app", "flyle_fleet")


def upgrade() -> None:
    """Creates everything. Raises StoreError when the user may neither create nor set the roles."""
    connection = op.get_bind()
    for role in ROLES:
        _ensure_role(connection, role)
    # The whole file at once: the driver accepts several statements only without parameters.
    connection.connection.cursor().execute(
        Path(__file__).with_name("v0001_first_tables.sql").read_text(encoding="utf-8"), None
    )


def _ensure_role(connection: sa.Connection, role: str) -> None:
    """Roles belong to the whole server: another database's upgrade may have created them."""
    try:
        with connection.begin_nested():
            if not _exists(connection, role):
                connection.execute(
                    sa.text(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT")
                )
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise _may_not(connection, error.orig) from error
        # Another process on the same server created it first; anything else is an error.
        if not _exists(connection, role):
            raise
    _refuse_powerful(connection, role)
    try:
        with connection.begin_nested():
            if not _may_take(connection, role):
                connection.execute(sa.text(f"GRANT {role} TO CURRENT_USER"))
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise _may_not(connection, error.orig) from error
        raise


def _exists(connection: sa.Connection, role: str) -> bool:
    found = connection.execute(
        sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
    )
    return found.first() is not None


def _refuse_powerful(connection: sa.Connection, role: str) -> None:
    """A role of that name that row-level security does not bind would show all tenants' rows."""
    powers = connection.execute(
        sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role"),
        {"role": role},
    )
    if powers.scalar():
        raise StoreError(
            "role_too_powerful",
            tried=Text("スキーマを更新しようとしました", "Tried to upgrade the schema"),
            came_back=Text(
                f"ロール {role} が存在し、行レベルセキュリティの対象外です",
                f"the role {role} exists and bypasses row-level security",
            ),
            remedy=Text(
                f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS を実行してください",
                f"Run ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS",
            ),
        )


def _may_take(connection: sa.Connection, role: str) -> bool:
    """Whether SET ROLE would work."""
    version = int(str(connection.execute(sa.text("SHOW server_version_num")).scalar()))
    right = "SET" if version >= SET_RIGHT_SINCE else "MEMBER"
    taken = connection.execute(
        sa.text("SELECT pg_has_role(current_user, :role, :right)"), {"role": role, "right": right}
    )
    return bool(taken.scalar())


def _may_not(connection: sa.Connection, cause: psycopg.Error) -> StoreError:
    user = connection.execute(sa.text("SELECT quote_ident(current_user)")).scalar()
    creations = "; ".join(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS" for role in ROLES)
    commands = f"{creations}; GRANT {', '.join(ROLES)} TO {user};"
    return StoreError(
        "roles_not_permitted",
        tried=Text(
            "行レベルセキュリティ用のロールを作成しようとしました",
            "Tried to create the roles for row-level security",
        ),
        came_back=Text.quoted(cause.diag.message_primary or "permission denied"),
        remedy=Text(
            f"データベース管理者が次を実行してから再実行してください: {commands}",
            f"Have a database administrator run this, then try again: {commands}",
        ),
    )
