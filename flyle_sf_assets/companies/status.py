"""The fixed values of a company's status and its reasons (public contract)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class CompanyStatus(StrEnum):
    """``companies.status``. Every status but ``linked`` freezes the row's values."""

    LINKED = "linked"
    OUT_OF_SCOPE = "out_of_scope"
    DELETED = "deleted"
    MERGED = "merged"
    MISSING = "missing"
    UNLINKED = "unlinked"


class StatusReason(StrEnum):
    """``companies.status_reason``; null when linked."""

    CONDITIONS_NOT_MET = "conditions_not_met"
    DELETED_IN_SALESFORCE = "deleted_in_salesforce"
    MERGED_IN_SALESFORCE = "merged_in_salesforce"
    NOT_FOUND = "not_found"
    DISCONNECTED = "disconnected"
    BASE_OBJECT_CHANGED = "base_object_changed"
    ORG_CHANGED = "org_changed"


_REASONS: Mapping[CompanyStatus, tuple[StatusReason, ...]] = MappingProxyType(
    {
        CompanyStatus.LINKED: (),
        CompanyStatus.OUT_OF_SCOPE: (StatusReason.CONDITIONS_NOT_MET,),
        CompanyStatus.DELETED: (StatusReason.DELETED_IN_SALESFORCE,),
        CompanyStatus.MERGED: (StatusReason.MERGED_IN_SALESFORCE,),
        CompanyStatus.MISSING: (StatusReason.NOT_FOUND,),
        CompanyStatus.UNLINKED: (
            StatusReason.DISCONNECTED,
            StatusReason.BASE_OBJECT_CHANGED,
            StatusReason.ORG_CHANGED,
        ),
    }
)


def reasons_of(status: CompanyStatus) -> tuple[StatusReason, ...]:
    """The reasons allowed with this status; none for ``linked``."""
    return _REASONS[status]
