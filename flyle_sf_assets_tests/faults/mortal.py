"""A database that dies, and with it the process that used it: nothing can be written afterwards.

What does not belong here: real processes that are killed (``flows/test_killed.py``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from flyle_sf_assets.store.postgres.database import Database, TenantTransaction

When = Literal["before", "inside"]


class Killed(BaseException):
    """The process that ran the refresh died here."""


class MortalDatabase(Database):
    """Dies at a tenant's n-th transaction: before it begins, or just before it is committed.

    Files written for it are then there, and what it says is not.
    """

    def __init__(self, url: str, dies_at: int, when: When) -> None:
        super().__init__(url)
        self._left = dies_at
        self._when = when
        self.is_dead = False

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[TenantTransaction]:
        """As `Database.tenant`, while it lives."""
        self._left -= 1
        is_last = self._left == 0
        if is_last and self._when == "before":
            self.die()
        if self.is_dead:
            raise Killed
        with super().tenant(tenant_id) as tx:
            yield tx
            if is_last:
                self.die()
                raise Killed

    def die(self) -> None:
        """From now on nothing reaches the database."""
        self.is_dead = True
