"""Batches are made one ahead: in order, on another thread, and no further than that."""

import threading
from collections.abc import Iterator

import pytest

from flyle_sf_assets.sync.load.one_ahead import one_ahead

WAIT_S = 10


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_every_item_is_made_in_its_order(number: int) -> None:
    assert list(one_ahead(str, range(number))) == [str(n) for n in range(number)]


def test_the_next_is_made_while_the_one_before_is_used() -> None:
    """A conversion waits for no database, and the database for no conversion."""
    made = [threading.Event() for _ in range(3)]

    def make(number: int) -> int:
        made[number].set()
        return number

    for item in one_ahead(make, range(3)):
        assert all(event.wait(WAIT_S) for event in made[item : item + 2])


def test_no_more_than_one_is_made_ahead() -> None:
    """Each is tens of megabytes."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(5):
            taken.append(n)
            yield n

    for item in one_ahead(lambda n: n, items()):
        assert max(taken) <= item + 1


def test_one_alone_is_made_on_the_callers_thread() -> None:
    threads = list(one_ahead(lambda _: threading.current_thread(), [1]))
    assert threads == [threading.current_thread()]


def test_what_goes_wrong_is_raised_after_the_items_before_it() -> None:
    ahead = one_ahead(lambda n: 6 // n, [3, 2, 0, 1])
    assert [next(ahead), next(ahead)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(ahead)


def test_a_caller_that_goes_wrong_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    ahead = one_ahead(lambda n: n, range(10))
    next(ahead)
    ahead.close()
    assert threading.active_count() == before
