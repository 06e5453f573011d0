"""Search for fields by a word, at one depth of the tree of parents at a time.

A deeper search needs more objects described; the caller asks depth by depth, so that what is near
is there first.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from flyle_sf_assets.choosing.fields import FieldChoice, field_choice, is_system
from flyle_sf_assets.choosing.walk import (
    SYSTEM_RELATIONSHIPS,
    Place,
    SchemaNeeded,
    Schemas,
    lowered,
    step,
    walked,
)
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import Source
from flyle_sf_assets.settings.patterns import RELATIONSHIP_LEVELS_MAX

FOUND_MAX = 50
PATHS_MAX = 4_000
"""Paths looked at in one depth: an org with ten lookups per object has 10,000 paths of four."""
RANK_PATH = 4
OBJECTS_MAX = 75
"""Objects described at a time: three calls."""


@dataclass(frozen=True, slots=True)
class Found:
    """The fields of one depth that match, best first.

    ``is_cut``: there are more, or more paths than are searched. ``goes_deeper``: the next depth has
    objects too.
    """

    choices: tuple[FieldChoice, ...]
    is_cut: bool
    goes_deeper: bool


@dataclass(frozen=True, slots=True)
class _Match:
    rank: int
    place: Place
    field: FieldSchema

    @property
    def order(self) -> tuple[int, bool, bool, str, str]:
        names = self.place.names
        is_aside = any(name in SYSTEM_RELATIONSHIPS for name in names)
        return self.rank, is_aside, is_system(self.field), self.field.label, ".".join(names)


def search(
    source: Source,
    schemas: Schemas,
    word: str,
    depth: int,
    *,
    limit: int = FOUND_MAX,
    only_known: bool = False,
) -> Found | SchemaNeeded:
    """Fields behind exactly ``depth`` relationships (0 to 5) that the word matches.

    The word's parts, separated by blanks, must all be found in the label path, the API path or the
    help text (ignoring case and width). Exact labels and names come first, then prefixes, then
    other parts of them, then help texts, then fields of which only the path matches. An empty
    word finds nothing. ``only_known`` leaves out objects that are not described, as ``is_cut``.
    """
    words = tuple(folded(word).split())
    known = lowered(schemas)
    if not words or depth > RELATIONSHIP_LEVELS_MAX:
        return Found((), is_cut=False, goes_deeper=False)
    root = walked(source, known, ())
    if not isinstance(root, Place):
        return root or Found((), is_cut=False, goes_deeper=False)
    places, is_cut = [root], False
    for _ in range(depth):
        opened, needed = _opened(source, known, places)
        if needed and not only_known:
            return SchemaNeeded(tuple(dict.fromkeys(needed))[:OBJECTS_MAX])
        is_cut = is_cut or bool(needed) or len(opened) > PATHS_MAX
        places = opened[:PATHS_MAX]
    matches = sorted(_matches(places, words, limit), key=lambda one: one.order)
    goes_deeper = depth < RELATIONSHIP_LEVELS_MAX and any(_names(source, p) for p in places)
    choices = tuple(_choice(match) for match in matches[:limit])
    return Found(choices, is_cut or len(matches) > limit, goes_deeper)


def _opened(source: Source, known: Schemas, places: list[Place]) -> tuple[list[Place], list[str]]:
    """Every place one relationship further, and the objects that are not described yet.

    Those through useful lookups come first.
    """
    found, needed = [], list[str]()
    for place in places:
        for name in _names(source, place):
            following = step(source, known, place, name)
            if isinstance(following, SchemaNeeded):
                needed += following.objects
            elif following is not None:
                found.append(following)
        if len(found) > PATHS_MAX:
            break
    return found, needed


def _names(source: Source, place: Place) -> list[str]:
    """The relationships that lead on from a place."""
    declared = [one.as_ for one in source.one_to_one if one.of.lower() == place.schema.name.lower()]
    lookups = [field for field in place.schema.fields if field.relationship_name]
    lookups.sort(key=lambda field: field.relationship_name in SYSTEM_RELATIONSHIPS)
    return declared + [field.relationship_name or "" for field in lookups]


def _matches(places: list[Place], words: tuple[str, ...], limit: int) -> Iterator[_Match]:
    """The fields that match; of those that only their path matches not many more than ``limit``."""
    objects = {id(place.schema): place.schema for place in places}

    @cache
    def texts(schema: int) -> list[_Texts]:
        return [_Texts.of(field) for field in objects[schema].fields]

    @cache
    def with_all(schema: int, missing: tuple[str, ...]) -> list[_Texts]:
        return [one for one in texts(schema) if all(one.has(word) for word in missing)]

    of_path_only = 0
    for place in places:
        prefix = folded("".join(f"{name}." for name in place.names))
        path = f"{folded(' '.join(place.labels))} {prefix.removesuffix('.')}"
        missing = tuple(_rest(word, prefix) for word in words if word not in path)
        if not missing and of_path_only > limit:
            missing = words  # enough of these: only fields that match themselves
        for one in with_all(id(place.schema), missing):
            rank = one.rank(words, prefix)
            of_path_only += rank == RANK_PATH
            yield _Match(rank, place, one.field)


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is searched of one field, folded."""

    field: FieldSchema
    label: str
    name: str
    help_text: str

    @staticmethod
    def of(field: FieldSchema) -> "_Texts":
        return _Texts(field, *map(folded, (field.label, field.name, field.help_text)))

    def has(self, word: str) -> bool:
        """A word that begins with a dot is the beginning of the name."""
        if word.startswith("."):
            return self.name.startswith(word[1:])
        return word in self.label or word in self.name or word in self.help_text

    def rank(self, words: tuple[str, ...], prefix: str) -> int:
        """0 for an exact match, `RANK_PATH` for a match only in the path."""
        own, wanted = (self.label, self.name), " ".join(words)
        if wanted in own or wanted == prefix + self.name:
            return 0
        if any(name.startswith(wanted) for name in own):
            return 1
        if any(words[-1] in name for name in own):
            return 2
        return 3 if any(word in self.help_text for word in words) else RANK_PATH


def _rest(word: str, prefix: str) -> str:
    """What a field has to have of a word: of ``owner.em`` behind an owner, ``.em``."""
    head, dot, tail = word.rpartition(".")
    return f".{tail}" if dot and prefix.endswith(f"{head}.") else word


def _choice(match: _Match) -> FieldChoice:
    place = match.place
    return field_choice(
        match.field, object_name=place.schema.name, names=place.names, labels=place.labels
    )


@lru_cache(20_000)
def folded(text: str) -> str:
    """Without differences of width and case, which keyboards make in the same word."""
    return unicodedata.normalize("NFKC", text).casefold()
