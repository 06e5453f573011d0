"""The object schemas of a tenant as last described, read from the store.

What does not belong here: describing (``sync/steps/object_schemas.py``) and the table
(``store/syncs/object_schemas.py``).
"""

from collections.abc import Mapping

import msgspec

from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.schema.stored import from_bytes
from flyle_sf_assets.salesforce.schema.validation import implausibility
from flyle_sf_assets.store.syncs.object_schemas import StoredSchema

UNKNOWN = "null"
"""Stored instead of the document of an object that the org never showed."""


HIDDEN = "hidden"
"""The digest of an object that the org does not know or hides.

Its last document stays, for the labels of its options.
"""


def known_schemas(stored: Mapping[str, StoredSchema]) -> dict[str, ObjectSchema | None]:
    """The stored schemas; None for an object that the org does not know, or hides.

    Leaves out impossible ones that an earlier version stored: they are described again.
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


def labelled_schemas(stored: Mapping[str, StoredSchema]) -> dict[str, ObjectSchema]:
    """The schemas as last shown, hidden ones too: what things were called, not what can be read."""
    found = ((name, last_shown(one)) for name, one in stored.items())
    return {
        name: schema
        for name, schema in found
        if schema is not None and implausibility(schema, name) is None
    }


def last_shown(stored: StoredSchema) -> ObjectSchema | None:
    """The schema as the org showed it last, also when it is hidden now.

    None when the org never showed it, or when what an earlier version stored is no schema.
    """
    if stored.document == UNKNOWN:
        return None
    try:
        return from_bytes(stored.document.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
