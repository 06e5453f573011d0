"""The custom fields of one tenant's companies: each with its source path and type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.companies.types import allowed_types, default_type
from flyle_sf_assets.raw.plan import Leaf
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.salesforce.schema.picklists import needs_controller
from flyle_sf_assets.settings.models import FieldMapping, FlyleType, TenantSettings

UNKNOWN_TYPE = "unknown"
"""``source.type`` of a field that the org hides, so that describe does not list it."""


@dataclass(frozen=True, slots=True)
class CompanyField:
    """One custom field: ``key`` in ``custom_fields``, filled from ``source_path``.

    A field that is not ``readable`` (hidden from the connected user, deleted, of a type that no
    longer fits, or with labels that need a hidden field) is neither written nor blanked.
    When it is hidden, ``source`` is a placeholder of type `UNKNOWN_TYPE`, and ``type`` is a guess
    unless the settings name it: keep the stored properties of such a field.
    """

    key: str
    label: str
    type: FlyleType
    source_path: str
    source: FieldSchema
    when_blank: Literal["blank", "keep"]
    readable: bool = True
    controller: FieldSchema | None = None
    """The controlling field of a picklist whose labels need its value; None for all others."""


def company_fields(
    settings: TenantSettings, leaves: Mapping[str, Leaf]
) -> tuple[CompanyField, ...]:
    """One `CompanyField` per mapping, in the order of the settings.

    ``leaves`` are the mapped fields that the connected user can read, by path as written
    (`ReadPlan.leaves`).
    """
    return tuple(_company_field(mapping, leaves.get(mapping.from_)) for mapping in settings.mapping)


def readable_fields(fields: Sequence[CompanyField]) -> tuple[CompanyField, ...]:
    """The fields that can be written now, in the same order."""
    return tuple(field for field in fields if field.readable)


def _company_field(mapping: FieldMapping, leaf: Leaf | None) -> CompanyField:
    if leaf is None:
        name = mapping.from_.rpartition(".")[2]
        source = FieldSchema(name=name, label=name, type=UNKNOWN_TYPE)
    else:
        source = leaf.field
    flyle_type = mapping.type or default_type(source) or FlyleType.TEXT
    controller = leaf.controller if leaf is not None and flyle_type is FlyleType.TEXT else None
    lacks_labels = flyle_type is FlyleType.TEXT and controller is None and needs_controller(source)
    return CompanyField(
        key=mapping.to,
        label=mapping.label,
        type=flyle_type,
        source_path=mapping.from_,
        source=source,
        when_blank=mapping.when_blank,
        readable=flyle_type in allowed_types(source) and not lacks_labels,
        controller=controller,
    )
