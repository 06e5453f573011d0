"""Many threads on one org: what each reads is of one moment."""

import threading

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.soql.execution import execute
from flyle_sf_assets_tests.sandbox.records.test_writes import account

PAIRS = 40


def test_a_query_never_sees_half_a_transaction(org: Org) -> None:
    """A mass update of two hundred records is there as a whole or not at all."""
    records = [account(org, "0") for _ in range(200)]
    done = threading.Event()
    torn: list[object] = []

    def read() -> None:
        while not done.is_set():
            result = execute(org, "SELECT Name FROM Account ORDER BY Name")
            names = result.chunk(0, result.total).values(result.columns[0].bound)
            if len(set(names[:200])) > 1:
                torn.append(names)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(PAIRS):
        org.mass_update("Account", records, {"Name": f"{i}"})
    done.set()
    for reader in readers:
        reader.join()
    assert not torn


def test_concurrent_writers_lose_nothing(org: Org) -> None:
    """Ids are unique and every record is there."""

    def write() -> None:
        for _ in range(PAIRS):
            org.update("Account", account(org), {"Phone": "1"})
            org.snapshot()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = org.records("Account")
    assert len({row["Id"] for row in rows}) == 4 * PAIRS
    assert {row["Phone"] for row in rows} == {"1"}
