"""Mappings onto custom fields that already exist in Flyle: their types must agree."""

from collections.abc import Iterator, Sequence

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.wording import item_path
from flyle_sf_assets.store.companies.custom_fields import list_fields
from flyle_sf_assets.store.postgres.database import TenantTransaction


def existing_field_problems(
    tx: TenantTransaction, fields: Sequence[CompanyField]
) -> Iterator[Problem]:
    """One problem for each mapping onto a field of Flyle's own that has another type.

    ``fields`` are in the order of the settings. A field that a mapping made follows its mapping:
    its values are converted again.
    """
    own = {field.key: field for field in list_fields(tx) if field.source_path is None}
    for index, field in enumerate(fields):
        existing = own.get(field.key)
        if existing is not None and existing.type != str(field.type):
            yield Problem(
                "existing_field_other_type",
                f"{item_path('mapping', index)}.type",
                Text(
                    f"Flyleのカスタムフィールド「{existing.label}」({field.key})の型は"
                    f" {existing.type} です。{field.type} の値は連携できません。",
                    f"The custom field “{existing.label}” ({field.key}) that Flyle already has is"
                    f" of type {existing.type} and cannot take {field.type}.",
                ),
                Text(
                    f"type を {existing.type} にするか、別のキーを to に指定してください。",
                    f"Set type to {existing.type}, or choose another key for to.",
                ),
            )
