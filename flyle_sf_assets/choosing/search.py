"""Search for fields by a word, in the known levels."""

import unicodedata
from collections.abc import Iterable

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import Level

FOUND_MAX = 50


def search(
    levels: Iterable[Level], word: str, *, limit: int = FOUND_MAX
) -> tuple[FieldChoice, ...]:
    """Fields whose label, API name or path contains the word (ignoring case and width), best first.

    Several words separated by blanks must all be found, each in label path or API path. Exact
    labels and names come first, then prefixes, then the rest; nearer levels before deeper
    ones. An empty word finds nothing.
    """
    words = _folded(word).split()
    if not words:
        return ()
    choices = {choice.path: choice for one in levels for choice in one.fields}
    ranked = [(_rank(choice, words), choice) for choice in choices.values()]
    found = [(rank, choice) for rank, choice in ranked if rank is not None]
    found.sort(key=lambda one: (one[0], one[1].path.count("."), one[1].label_path, one[1].path))
    return tuple(choice for _, choice in found[:limit])


def _rank(choice: FieldChoice, words: list[str]) -> int | None:
    """0 for an exact match, 3 for a match only in the path; None when not found."""
    whole = f"{_folded(choice.label_path)} {_folded(choice.path)}"
    if not all(word in whole for word in words):
        return None
    own, wanted = (_folded(choice.field.label), _folded(choice.field.name)), " ".join(words)
    if wanted in own or wanted == _folded(choice.path):
        return 0
    if any(name.startswith(wanted) for name in own):
        return 1
    return 2 if any(words[-1] in name for name in own) else 3


def _folded(text: str) -> str:
    """Removes differences of width and case, which keyboards make in the same word."""
    return unicodedata.normalize("NFKC", text).casefold()
