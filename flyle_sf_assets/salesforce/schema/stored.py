"""Object schemas as the store keeps them: JSON."""

import msgspec

from flyle_sf_assets.salesforce.schema.objects import ObjectSchema

_SCHEMA = msgspec.json.Decoder(ObjectSchema)


def to_bytes(schema: ObjectSchema) -> bytes:
    """The schema as JSON, for storage; `from_bytes` reads it."""
    return msgspec.json.encode(schema)


def from_bytes(data: bytes) -> ObjectSchema:
    """The schema that `to_bytes` wrote; fields added to the model since get their defaults."""
    return _SCHEMA.decode(data)
