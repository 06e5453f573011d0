"""The schema's history: one alembic revision per file in ``versions/``, run by the product.

What does not belong here: when to upgrade and the lock around it (``store/postgres/database.py``).
"""

from pathlib import Path

import sqlalchemy as sa

SCHEMA_VERSION = "0019"
"""The newest revision; here, so that an up-to-date schema needs no alembic at start."""


def upgrade_to_head(connection: sa.Connection) -> None:
    """Runs the missing revisions in the caller's transaction, which also holds the upgrade lock."""
    upgrade_to(connection, "head")


def upgrade_to(connection: sa.Connection, revision: str) -> None:
    """The same up to that revision."""
    # alembic takes 0.1 s to import, and an up-to-date schema needs none of it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    # IF NOT EXISTS would require the right to create it even when it exists.
    if connection.execute(sa.text("SELECT to_regnamespace('flyle')")).scalar() is None:
        connection.execute(sa.text("CREATE SCHEMA flyle"))
    command.upgrade(config, revision)
