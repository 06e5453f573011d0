"""The object schemas of a tenant as last described, read from what the store keeps.

What does not belong here: describing (``sync/steps/object_schemas.py``) and the table
(``store/syncs/object_schemas.py``).
"""

from collections.abc import Mapping

import msgspec

from flyle_sf_assets.salesforce.describe import from_bytes
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.schema.validation import implausibility
from flyle_sf_assets.store.syncs.object_schemas import StoredSchema

UNKNOWN = "null"
"""Kept in the place of the document of an object that the org never showed."""


HIDDEN = "hidden"
"""The digest of an object that the org does not know or hides.

Its last document stays, for the labels of its options.
"""


def known_schemas(stored: Mapping[str, StoredSchema]) -> dict[str, ObjectSchema | None]:
    """The schemas that are kept; None for an object that the org does not know, or hides.

    Without those that an earlier version took and that cannot be true: they are asked for again.
    """
    found: dict[str, ObjectSchema | None] = {}
    for name, one in stored.items():
        if one.digest == HIDDEN or one.document == UNKNOWN:
            found[name] = None
            continue
        schema = last_shown(one)
        if schema is not None and implausibility(schema, name) is None:
            found[name] = schema
    return found


def last_shown(stored: StoredSchema) -> ObjectSchema | None:
    """The schema as the org showed it last, though it be hidden now.

    None when it never did, or when what an earlier version kept is no schema.
    """
    if stored.document == UNKNOWN:
        return None
    try:
        return from_bytes(stored.document.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
