"""The next item made on another thread while the caller works with the one before."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def one_ahead(make: Callable[[Given], Made], items: Iterable[Given]) -> Generator[Made]:
    """``make(item)`` of every item, in their order; the next one is made meanwhile.

    One item alone is made on the caller's thread. What ``make`` raises is raised where its result
    would be. Besides the caller's at most two results exist. Closing it waits for its thread.

    >>> list(one_ahead(str, [1, 2, 3]))
    ['1', '2', '3']
    """
    remaining = iter(items)
    first, second = list(islice(remaining, 1)), list(islice(remaining, 1))
    if not second:
        yield from map(make, first)
        return
    with ThreadPoolExecutor(max_workers=1) as executor:
        before = executor.submit(make, first[0])
        for item in chain(second, remaining):
            following = executor.submit(make, item)
            yield before.result()
            before = following
        yield before.result()
