"""The org of a refresh: many tenants of one process open theirs at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import cast

from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.sync.org_access import OrgAccess


def test_tenants_log_in_at_the_same_time() -> None:
    """One login waited for all others of the process: Python 3.11 locks a class's property."""
    met = Barrier(2)

    def log_in() -> Org:
        met.wait(timeout=5)
        return cast("Org", object())

    both = [OrgAccess(log_in, overlap_s=0) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        opened = list(threads.map(lambda one: one.opened, both))
    assert opened[0] is not opened[1]
    assert [one.opened for one in both] == opened
