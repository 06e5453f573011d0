"""Builders shared by the tests of this package."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue
from flyle_sf_assets.settings.models import FlyleType


@dataclass(frozen=True)
class SelectField:
    """A mapped field as this package sees it."""

    key: str
    type: FlyleType
    source_path: str
    source: FieldSchema
    readable: bool = True


@pytest.fixture(scope="session")
def select_field() -> Callable[..., SelectField]:
    """A field with (value, label, active) options; its column is its key in capitals."""

    def build(
        key: str,
        flyle_type: str = "single_select",
        options: Sequence[tuple[str, str, bool]] = (),
        *,
        readable: bool = True,
    ) -> SelectField:
        values = tuple(PicklistValue(*option) for option in options)
        source = FieldSchema(key, key, "picklist", picklist_values=values)
        return SelectField(key, FlyleType(flyle_type), key.upper(), source, readable)

    return build
