"""Turns what the PostgreSQL driver raises into this product's errors.

The texts name the server and the SQLSTATE, never the password, the statement's values or the
row that was refused (PostgreSQL's DETAIL line would quote it).
Source: PostgreSQL documentation, Appendix A "PostgreSQL Error Codes".
"""

import psycopg
from sqlalchemy import URL
from sqlalchemy import exc as sa_exc

from flyle_sf_assets.errors import StoreError, StoreUnavailable, Text

TRANSIENT_CLASSES = ("08", "53", "57P", "40", "55P03", "57014")
"""Connection lost, too many connections or no space, shutdown, deadlock, lock or time run out."""

INSUFFICIENT_PRIVILEGE = "42501"

DRIVER_ERRORS = (sa_exc.DBAPIError, psycopg.Error, sa_exc.TimeoutError)


def store_error(error: Exception, url: URL, tried: Text | None = None) -> StoreError:
    """The error to raise instead of ``error``; retryable when trying again can help."""
    cause = error.orig if isinstance(error, sa_exc.DBAPIError) and error.orig else error
    state = getattr(cause, "sqlstate", None)
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        text = cause.diag.message_primary
    else:
        text = str(cause).strip()
    came_back = without_password(f"{text} (SQLSTATE {state or 'none'})", url)
    tried = tried or Text(f"{place(url)} を読み書きします", f"Use the store at {place(url)}")
    if state is None or state.startswith(TRANSIENT_CLASSES):
        return StoreUnavailable(
            "store_unavailable",
            tried=tried,
            came_back=came_back,
            remedy=Text(
                "PostgreSQLが動いていて接続できることを確認してください。自動で再試行します",
                "Check that PostgreSQL runs and can be reached; it is tried again by itself",
            ),
        )
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


def place(url: URL) -> str:
    """Host and database as a person may read them, without user and password."""
    host = url.host or url.query.get("host") or "localhost"
    return f"{host if isinstance(host, str) else ','.join(host)}/{url.database or ''}"


def without_password(text: str, url: URL) -> str:
    """The text with the URL's password, should a driver have quoted it, struck out."""
    return text.replace(str(url.password), "***") if url.password else text
