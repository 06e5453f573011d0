"""``flyle-sf history``: what changed in one company, when, by which sync, and why."""

from dataclasses import dataclass
from typing import Any

import msgspec

from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import listing, printable, raw_json, to_stdout
from flyle_sf_assets.companies.display import shown
from flyle_sf_assets.console.labels import ROW_FIELDS
from flyle_sf_assets.errors import FlyleError, NotFound, Text, UsageError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.store.companies.custom_fields import list_fields
from flyle_sf_assets.store.companies.history import (
    CompanyChange,
    company_history,
    company_name,
)
from flyle_sf_assets.tenants.registration import not_registered, registered_settings


@dataclass(frozen=True)
class History:
    """One company's changes, the newest first; ``labels`` of its custom fields by key."""

    tenant: str
    external_id: str
    name: str
    changes: tuple[CompanyChange, ...]
    labels: dict[str, str]

    def json_text(self) -> str:
        """The one JSON object of ``--json``, numbers exactly as they are stored."""
        document = {
            "tenant": self.tenant,
            "external_id": self.external_id,
            "name": self.name,
            "changes": [self._document(change) for change in self.changes],
        }
        return msgspec.json.encode(document).decode()

    def print(self) -> None:
        """A table for people: fields by their label."""
        console = to_stdout()
        console.print(f"{self.tenant}: {self.name} ({self.external_id})")
        if not self.changes:
            console.print(say("変更はありません。", "Nothing has changed since it was created."))
            return
        table = listing()
        for name in (
            say("日時", "when"),
            say("項目", "field"),
            say("変更前", "old"),
            say("変更後", "new"),
            say("同期", "sync"),
            say("理由", "reason"),
        ):
            table.add_column(name, overflow="fold")
        for change in self.changes:
            table.add_row(
                local(change.changed_at),
                printable(self._shown_label(change)),
                printable(shown(change.old)),
                printable(shown(change.new)),
                "" if change.sync_id is None else str(change.sync_id),
                change.reason or "",
            )
        console.print(table)

    def _document(self, change: CompanyChange) -> dict[str, Any]:
        return {
            "field": change.field,
            "label": self._label(change),
            "old": raw_json(change.old),
            "new": raw_json(change.new),
            "changed_at": change.changed_at.isoformat(),
            "sync_id": change.sync_id,
            "reason": change.reason,
        }

    def _shown_label(self, change: CompanyChange) -> str:
        """The label in the terminal's language."""
        text = ROW_FIELDS.get(change.field) if change.of_row else None
        return self._label(change) if text is None else text.in_language(language())

    def _label(self, change: CompanyChange) -> str:
        """A custom field's label; a column of the row by its own name."""
        return change.field if change.of_row else self.labels.get(change.field, change.field)


def history_of(opened: Installation, tenant: str, external_id: str) -> History:
    """The changes of one company; its id may have 15 characters.

    Raises UsageError when it is no record id, NotConnected for a tenant without settings,
    NotFound for a company that the tenant does not have.
    """
    if not is_record_id(external_id):
        raise UsageError(
            "not_a_record_id",
            tried=Text(
                f"ID {external_id} を読み取ろうとしました", f"Tried to read the id {external_id}"
            ),
            came_back=Text(
                "15文字または18文字の Salesforce のレコード ID ではありません",
                "It is not a Salesforce record id of 15 or 18 characters",
            ),
            remedy=Text(
                "SalesforceのレコードIDを、大文字と小文字を変えずに指定してください",
                "Give the record's Salesforce id, its capitals as they are",
            ),
        )
    key = to_18(external_id)
    if registered_settings(opened, tenant) is None:
        raise not_registered(tenant)
    with opened.database.tenant(tenant) as tx:
        name = company_name(tx, key)
        labels = {field.key: field.label for field in list_fields(tx)}
        changes = company_history(tx, key)
    if name is None:
        raise _unknown(tenant, key)
    return History(tenant, key, name, changes, labels)


def _unknown(tenant: str, external_id: str) -> FlyleError:
    return NotFound(
        "unknown_company",
        tried=Text(
            f"テナント {tenant} の企業 {external_id} を見つけようとしました",
            f"Tried to find company {external_id} of {tenant}",
        ),
        came_back=Text(
            "このテナントにその企業はなく、過去にもありません",
            "The tenant has no such company, and never had",
        ),
        remedy=Text(
            "連携の元オブジェクトのレコードIDか、条件に一致するレコードかを確認してください",
            "Check that it is the id of a record of the base object, and that it matched the"
            " conditions once",
        ),
    )
