"""Fields found by a word, over the levels that are known.

What does not belong here: opening levels (``tree.py``).
"""

from collections.abc import Iterable

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import Level

FOUND_MAX = 50


def search(
    levels: Iterable[Level], word: str, *, limit: int = FOUND_MAX
) -> tuple[FieldChoice, ...]:
    """Fields whose label, API name or path holds the word (case and width ignored), best first.

    Several words separated by blanks must all be found, each in label path or API path. Exact
    labels and names come first, then beginnings, then the rest; nearer levels before deeper
    ones. An empty word finds nothing.
    """
    raise NotImplementedError
