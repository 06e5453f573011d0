"""The tree of fields that settings may name, one level at a time: an object's fields and parents.

Levels are opened lazily: a level needs the schemas of the objects on its own path only. What
does not belong here: describing objects (``refresh/org_answers.py``), search over levels
(``search.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema import ObjectSchema
from flyle_sf_assets.settings.models import Source

Schemas = Mapping[str, ObjectSchema | None]
"""Object schemas by API name; None for an object that the org does not show."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A way on from a level: a many-to-one lookup or a declared one-to-one object.

    ``path`` opens it (``("Account", "Owner")``). ``why_closed`` is None when it can be opened.
    """

    path: tuple[str, ...]
    name: str
    label: str
    object: str
    is_one_to_one: bool
    why_closed: Text | None


@dataclass(frozen=True, slots=True)
class ManyBelow:
    """A one-to-many relationship, which cannot be linked, and which base object would do it."""

    name: str
    object: str
    why_closed: Text


@dataclass(frozen=True, slots=True)
class Level:
    """One object's fields as seen from the base object; fields and branches sorted by label.

    ``depth`` is the number of relationships walked, at most five.
    """

    path: tuple[str, ...]
    object: str
    label: str
    depth: int
    fields: tuple[FieldChoice, ...]
    branches: tuple[Branch, ...]
    many_below: tuple[ManyBelow, ...]


@dataclass(frozen=True, slots=True)
class SchemaNeeded:
    """The level cannot be told before these objects are described."""

    objects: tuple[str, ...]


def level(
    source: Source, schemas: Schemas, path: tuple[str, ...] = ()
) -> Level | SchemaNeeded | None:
    """The level at the end of ``path`` (relationship names from the base object).

    None when the path cannot be walked in this org. Only what stands on the path must be
    described; a one-to-one object is open only when its lookup really points here.
    """
    raise NotImplementedError
