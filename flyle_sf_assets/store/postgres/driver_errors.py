"""Converts exceptions of the PostgreSQL driver into this product's errors.

The texts name the server and the SQLSTATE, never the password, the statement's values or the
refused row (PostgreSQL's DETAIL line would quote it).
Source: PostgreSQL documentation, Appendix A "PostgreSQL Error Codes".
"""

import psycopg
from sqlalchemy import URL
from sqlalchemy import exc as sa_exc

from flyle_sf_assets.errors import StoreError, StoreUnavailable, Text
from flyle_sf_assets.telemetry.raised import sqlstate
from flyle_sf_assets.telemetry.unforeseen import (
    DATABASE_FULL,
    DATABASE_READ_ONLY,
    GONE_CLASSES,
    POSTGRES,
    database_gone,
    disk_full,
    storage_read_only,
)

BUSY_CLASSES = ("40", "53", "55P03", "57014")
"""Deadlock, too many connections, lock or statement that took too long."""

QUIET_CLASSES = ("22", "23", "42804", "P0", "XX")
"""Errors whose first line may quote a value: "invalid input syntax for type date: …"."""

SYSTEM_ERRORS = "58"
INSUFFICIENT_PRIVILEGE = "42501"

DRIVER_ERRORS = (sa_exc.DBAPIError, psycopg.Error, sa_exc.TimeoutError)


def store_error(error: Exception, url: URL, tried: Text | None = None) -> StoreError:
    """The error to raise instead of ``error``; retryable when a retry can help."""
    cause = error.orig if isinstance(error, sa_exc.DBAPIError) and error.orig else error
    state = sqlstate(cause)
    told = without_password(_told(cause, state), url)
    came_back = Text.quoted(f"{told} (SQLSTATE {state or 'none'})")
    tried = tried or Text(
        f"{place(url)} を読み書きしようとしました", f"Tried to use the store at {place(url)}"
    )
    passing = _passing(cause, state, tried, came_back)
    if passing is not None:
        return passing
    if state == INSUFFICIENT_PRIVILEGE:
        return StoreError(
            "store_not_permitted",
            tried=tried,
            came_back=came_back,
            remedy=Text(
                "接続ユーザーにデータベースのCREATE権限と、ロールflyle_app・flyle_fleetを付与してください",
                "Grant the connecting user CREATE on the database and the roles flyle_app and"
                " flyle_fleet",
            ),
        )
    return StoreError(
        "store_refused",
        tried=tried,
        came_back=came_back,
        remedy=Text(
            "flyle-sf db upgradeを実行し、それでも続く場合はこの内容を報告してください",
            "Run flyle-sf db upgrade; when it goes on, report this text",
        ),
    )


def _passing(
    cause: BaseException, state: str | None, tried: Text, came_back: Text
) -> StoreError | None:
    """The error of a server that is unreachable, full, broken or busy; None for any other."""
    if state == DATABASE_FULL:
        return disk_full(tried, came_back, POSTGRES)
    if state == DATABASE_READ_ONLY:
        return storage_read_only(tried, came_back, POSTGRES)
    if _is_gone(cause, state):
        return database_gone(tried, came_back)
    if (state or "").startswith(SYSTEM_ERRORS):
        return StoreUnavailable(
            "store_io_failed",
            tried=tried,
            came_back=came_back,
            remedy=Text(
                "PostgreSQLのディスクとサーバーのログを確認してください。自動で再試行します",
                "Check PostgreSQL's disk and the server's log; it is tried again by itself",
            ),
        )
    if isinstance(cause, sa_exc.TimeoutError) or (state or "").startswith(BUSY_CLASSES):
        return StoreUnavailable(
            "store_busy",
            tried=tried,
            came_back=came_back,
            remedy=Text(
                "自動で再試行します。続く場合はPostgreSQLの負荷、接続数の上限、長いロックを確認してください",
                "It is tried again by itself; if that goes on, look at PostgreSQL's load, its"
                " connection limit and its long locks",
            ),
        )
    return None


def _is_gone(cause: BaseException, state: str | None) -> bool:
    if state is None:  # libpq's own: it has no connection
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith(GONE_CLASSES)


def _told(cause: BaseException, state: str | None) -> str:
    """The server's first line when it cannot quote a value, else the kind of error.

    Constraints are named; the DETAIL line is never included: it quotes the row.
    """
    if not isinstance(cause, psycopg.Error):
        return type(cause).__name__
    if state is None:
        is_libpqs = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return str(cause).strip() if is_libpqs else type(cause).__name__
    if not state.startswith(QUIET_CLASSES):
        return cause.diag.message_primary or type(cause).__name__
    places = (cause.diag.table_name, cause.diag.column_name, cause.diag.constraint_name)
    return " ".join([type(cause).__name__, *(name for name in places if name)])


def place(url: URL) -> str:
    """Host and database for messages, without user and password."""
    host = url.host or url.query.get("host") or "localhost"
    return f"{host if isinstance(host, str) else ','.join(host)}/{url.database or ''}"


def without_password(text: str, url: URL) -> str:
    """The text with the URL's password removed, in case a driver quoted it."""
    return text.replace(str(url.password), "***") if url.password else text
