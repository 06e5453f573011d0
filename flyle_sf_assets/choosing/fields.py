"""One field as a choice: its path, the types it may become, and whether it can be filtered."""

from dataclasses import dataclass

from flyle_sf_assets.companies.types import allowed_types, unsupported_reason
from flyle_sf_assets.errors import Text
from flyle_sf_assets.raw.plan import SYSTEM_FIELDS
from flyle_sf_assets.salesforce.conditions import operators_of
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import FlyleType

_FOLLOWS_CHANGES = Text(
    "変更の検知に使う項目のため選択できません(更新日時には LastModifiedDate を選べます)",
    "It is used to follow changes and cannot be mapped (LastModifiedDate can)",
)
_NOT_FILTERABLE = Text(
    "Salesforceが絞り込みを許可していない項目です(ロングテキスト、暗号化、複合項目など)",
    "Salesforce does not filter by it (long text, encrypted and compound fields are such)",
)


_SYSTEM_NAMES = frozenset(
    {
        *SYSTEM_FIELDS,
        "CreatedDate",
        "LastModifiedDate",
        "LastViewedDate",
        "LastReferencedDate",
        "PhotoUrl",
        "Jigsaw",
        "JigsawCompanyId",
        "CleanStatus",
        "UserRecordAccessId",
    }
)


def is_system(field: FieldSchema) -> bool:
    """Whether Salesforce keeps the field for itself: ids of records, who changed it and when."""
    return field.name in _SYSTEM_NAMES or field.type in ("id", "reference")


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field of one object, as seen from the base object.

    ``path`` is what settings write (``Account.Owner.Name``); ``label_path`` the same in labels
    (``取引先 › 所有者 › 氏名``). ``types`` are the Flyle types that it may become, the default
    first; when there are none ``why_not`` says why it cannot be mapped. ``why_not_filterable``
    is None when a condition may use it.
    """

    path: str
    label_path: str
    object: str
    field: FieldSchema
    types: tuple[FlyleType, ...]
    why_not: Text | None
    why_not_filterable: Text | None

    @property
    def is_selectable(self) -> bool:
        """Whether it can be mapped."""
        return self.why_not is None


def field_choice(
    field: FieldSchema, *, object_name: str, names: tuple[str, ...], labels: tuple[str, ...]
) -> FieldChoice:
    """The field below the relationships ``names``, whose labels are ``labels``."""
    types = () if field.name in SYSTEM_FIELDS and field.name != "Id" else allowed_types(field)
    reason = None
    if not types:
        reason = _FOLLOWS_CHANGES if allowed_types(field) else unsupported_reason(field)
    return FieldChoice(
        path=".".join((*names, field.name)),
        label_path=" › ".join((*labels, field.label)),
        object=object_name,
        field=field,
        types=types,
        why_not=reason,
        why_not_filterable=None if operators_of(field) else _NOT_FILTERABLE,
    )
