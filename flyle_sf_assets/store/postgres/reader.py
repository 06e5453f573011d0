"""The role by which people read the product's data with psql, and the URL that uses it.

``flyle_reader`` has the rights of ``flyle_fleet`` and no other: it reads the rows of all tenants,
without encrypted secrets, and changes none, whatever it sets in its session.
Source: PostgreSQL documentation, "Database Roles", and 32.16 "The Password File".

What does not belong here: transactions of the product (``database.py``).
"""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.postgres.database import FLEET_ROLE
from flyle_sf_assets.store.postgres.driver_errors import DRIVER_ERRORS, store_error
from flyle_sf_assets.store.postgres.urls import as_text, product_url

READER_ROLE = "flyle_reader"
PASSWORD_FILE = "reader.pgpass"  # noqa: S105  a file's name
Connection = psycopg.Connection[tuple[object, ...]]
TRIED = Text(
    "読み取り専用のロールを準備しようとしました", "Tried to prepare the role that only reads"
)


@dataclass(frozen=True, slots=True)
class ReaderAccess:
    """``url`` is for libpq and has no password; that is in ``password_file``, if we know it."""

    url: str
    password_file: Path | None


def reader_access(database_url: str, home: Path, *, has_password: bool) -> ReaderAccess:
    """The access of `READER_ROLE` to the product's database; the role is created when missing.

    ``has_password`` False: the server trusts every process at its socket (the embedded one).
    Raises StoreError when the connecting user may not create the role, with the commands for a
    database administrator, or when the role may do more than read.
    """
    url = product_url(database_url)
    file = home / PASSWORD_FILE
    try:
        with psycopg.connect(as_text(url.set(drivername="postgresql")), autocommit=True) as opened:
            _ensure_role(opened, file if has_password else None)
            _refuse_powerful(opened)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_permitted(error) from None
    except DRIVER_ERRORS as error:
        raise store_error(error, url, TRIED) from error
    is_known = has_password and file.exists()
    return ReaderAccess(_reader_url(url, file if is_known else None), file if is_known else None)


def _ensure_role(opened: Connection, password_file: Path | None) -> None:
    """Roles belong to the whole server: another installation may have created it."""
    found = opened.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER_ROLE]).fetchone()
    reader = sql.Identifier(READER_ROLE)
    if found is None:
        with contextlib.suppress(psycopg.errors.DuplicateObject):
            opened.execute(sql.SQL("CREATE ROLE {} LOGIN").format(reader))
        if password_file is not None:
            _set_password(opened, password_file)
        # For convenience: the rights of the role allow nothing else anyway.
        opened.execute(
            sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(reader)
        )
        opened.execute(sql.SQL("ALTER ROLE {} SET search_path = flyle").format(reader))
    member = opened.execute(
        "SELECT pg_has_role(%s, %s, 'USAGE')", [READER_ROLE, FLEET_ROLE]
    ).fetchone()
    if member != (True,):
        opened.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(FLEET_ROLE), reader))


def _set_password(opened: Connection, file: Path) -> None:
    """A new password, which the server gets as a hash, and only the file's owner can read."""
    password = secrets.token_urlsafe(32)
    hashed = opened.pgconn.encrypt_password(
        password.encode(), READER_ROLE.encode(), b"scram-sha-256"
    )
    opened.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(READER_ROLE), hashed.decode())
    )
    file.unlink(missing_ok=True)
    private_files.make_file(file)
    with file.open("w", encoding="ascii") as opened_file:
        opened_file.write(f"*:*:*:{READER_ROLE}:{password}\n")
        os.fchmod(opened_file.fileno(), private_files.FILE_MODE)


def _refuse_powerful(opened: Connection) -> None:
    """Raises StoreError for a role of that name that may do more than read."""
    powers = opened.execute(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR EXISTS ("
        " SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " WHERE m.member = reader.oid AND r.rolname <> %s)"
        " FROM pg_roles reader WHERE rolname = %s",
        [FLEET_ROLE, READER_ROLE],
    ).fetchone()
    if powers != (False,):
        raise StoreError(
            "role_too_powerful",
            tried=TRIED,
            came_back=Text(
                f"ロール {READER_ROLE} が存在し、読み取り以外もできます",
                f"the role {READER_ROLE} exists and may do more than read",
            ),
            remedy=Text(
                f"{READER_ROLE} の属性と、{FLEET_ROLE} 以外のロールの付与を取り消してください",
                f"Take its attributes and every role but {FLEET_ROLE} away from {READER_ROLE}",
            ),
        )


def _reader_url(url: sa.URL, password_file: Path | None) -> str:
    query = {name: value for name, value in url.query.items() if name != "options"}
    if password_file is not None:
        query["passfile"] = str(password_file)
    reading = url.set(drivername="postgresql", username=READER_ROLE, query=query)
    return as_text(reading._replace(password=None))


def _not_permitted(error: psycopg.Error) -> StoreError:
    commands = f"CREATE ROLE {READER_ROLE} LOGIN PASSWORD '…'; GRANT {FLEET_ROLE} TO {READER_ROLE};"
    return StoreError(
        "roles_not_permitted",
        tried=TRIED,
        came_back=Text.quoted(error.diag.message_primary or "permission denied"),
        remedy=Text(
            f"データベース管理者が次を実行してから再実行してください: {commands}",
            f"Have a database administrator run this, then try again: {commands}",
        ),
    )
