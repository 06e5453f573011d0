"""The partitions of the history: made ahead, and dropped when all of a month is past its time.

What does not belong here: when it is done (``scheduling/garbage_collection.py``). A row always has
a place: months without a partition share one, and move when theirs is made.
"""

from datetime import datetime

from flyle_sf_assets.store.postgres.database import Database

MONTHS_AHEAD = 2


def add_months(database: Database, now: datetime) -> int:
    """Makes the partitions of this month and the next ones; returns how many were missing."""
    made = 0
    for ahead in range(MONTHS_AHEAD + 1):
        # A transaction each: a lock that cannot be had delays the others not at all.
        with database.upkeep() as tx:
            made += bool(
                tx.execute(
                    "SELECT flyle.add_history_month("
                    "CAST(:now AS timestamptz) + make_interval(months => :ahead))",
                    now=now,
                    ahead=ahead,
                ).scalar_one()
            )
    return made


def drop_months(database: Database, before: datetime) -> tuple[str, ...]:
    """Drops the months that end before that moment, the oldest first; returns their tables.

    What is older in no month of its own is deleted.
    """
    dropped: list[str] = []
    while True:
        with database.upkeep() as tx:
            name = tx.execute("SELECT flyle.drop_history_month(:before)", before=before).scalar()
        if name is None:
            break
        dropped.append(str(name))
    with database.upkeep() as tx:
        tx.execute(
            "DELETE FROM flyle.company_changes_rest WHERE changed_at < :before", before=before
        )
    return tuple(dropped)
