"""Values of companies as pages show them: options by label, times in the tenant's time zone.

What does not belong here: which values a page has (``pages/``), and values in a terminal
(``companies/display.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flyle_sf_assets.console.i18n import shown_moment
from flyle_sf_assets.console.labels import (
    CHANGE_REASONS,
    COMPANY_REASONS,
    COMPANY_STATUSES,
    ROW_FIELDS,
)
from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.companies.custom_fields import CustomField, list_fields
from flyle_sf_assets.store.companies.history import CompanyChange
from flyle_sf_assets.store.companies.picklist_options import option_labels
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.exact_json import loads
from flyle_sf_assets.tenants.registration import time_zone_in

YES, NO = Text("はい", "Yes"), Text("いいえ", "No")
OF_ROW: Mapping[str, Mapping[str, Text]] = {
    "status": COMPANY_STATUSES,
    "status_reason": COMPANY_REASONS,
}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One change of a company; ``reason`` is empty when the record itself says so."""

    label: str
    of_row: bool
    """Whether the label is a column of every company, not a custom field's."""
    old: str
    new: str
    changed_at: datetime
    sync_id: int | None
    reason: str
    reason_path: str
    """The relationships to the parent that the reason is about; else empty."""


@dataclass(frozen=True, slots=True)
class CompanyValues:
    """Shows values of one tenant's custom fields in a language; ``labels`` by field and value."""

    language: str
    time_zone: str | None
    fields: Mapping[str, CustomField]
    labels: Mapping[tuple[str, str], str]

    @staticmethod
    def of(tx: TenantTransaction, language: str) -> "CompanyValues":
        """The tenant's own: its fields, options and time zone as stored."""
        return CompanyValues(
            language,
            time_zone_in(tx),
            {field.key: field for field in list_fields(tx)},
            option_labels(tx),
        )

    def shown(self, key: str, value: object, *, grouped: bool = True) -> str:
        """A field's value; blank as nothing, numbers with all digits.

        ``grouped``: numbers with thousands separators, for people; a spreadsheet needs none.
        """
        if isinstance(value, bool):
            return (YES if value else NO).in_language(self.language)
        if isinstance(value, int | Decimal):
            digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
            return _grouped(digits) if grouped else digits
        if isinstance(value, list):
            return " / ".join(self._text(key, str(one)) for one in value)
        return "" if value is None else self._text(key, str(value))

    def change(self, change: CompanyChange) -> ShownChange:
        """One line of a history."""
        if change.of_row:
            label = ROW_FIELDS[change.field].in_language(self.language)
        else:
            field = self.fields.get(change.field)
            label = field.label if field else change.field
        code, _, path = (change.reason or "").partition(":")
        reason = CHANGE_REASONS.get(code)
        return ShownChange(
            label,
            change.of_row,
            self._side(change, change.old),
            self._side(change, change.new),
            change.changed_at,
            change.sync_id,
            reason.in_language(self.language) if reason else code,
            path,
        )

    def _side(self, change: CompanyChange, document: str | None) -> str:
        value = None if document is None else loads(document)
        if not change.of_row:
            return self.shown(change.field, value)
        text = OF_ROW.get(change.field, {}).get(str(value))
        return text.in_language(self.language) if text else str(value or "")

    def _text(self, key: str, text: str) -> str:
        """An option by its label, a moment in the tenant's time zone, other texts as they are."""
        field = self.fields.get(key)
        if field is not None and field.type == "datetime":
            try:
                return shown_moment(datetime.fromisoformat(text), self.time_zone)
            except ValueError:
                return text  # of a time when the field had another type
        return self.labels.get((key, text), text)


def _grouped(digits: str) -> str:
    """A number with thousands separators and all its digits."""
    whole, point, fraction = digits.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole not in ("-0", "") else digits
