"""What the product wrote, read past it: plain SQL by the public contract's columns.

What does not belong here: what should stand there (``expectation.py``).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flyle_sf_assets_tests.flows.oracle import Company, Option
from flyle_sf_assets_tests.postgres import open_as_admin


@dataclass(frozen=True)
class Row:
    """One company row: what it shows, and when it last changed."""

    company: Company
    source_object: str
    updated_at: datetime


@dataclass(frozen=True)
class MappedField:
    """One custom field as the companies were last written with it."""

    type: str
    source_path: str
    active: bool


def _exact(text: str) -> dict[str, object]:
    fields: dict[str, object] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return fields


class StoreReading:
    """One tenant's rows in the product's database."""

    def __init__(self, url: str) -> None:
        self._connection = open_as_admin(url)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def rows(self, tenant: str) -> dict[str, Row]:
        """The company rows by external id; the kept number of linked ones must be theirs."""
        found: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT external_id, name, status, status_reason, merged_into, custom_fields::text,"
            " source_object, updated_at FROM flyle.companies WHERE tenant_id = %s",
            [tenant],
        ).fetchall()
        linked = sum(status == "linked" for _, _, status, *_ in found)
        figure = self._connection.execute(
            "SELECT companies FROM flyle.links WHERE tenant_id = %s", [tenant]
        ).fetchone()
        assert figure in (None, (None,), (linked,)), (figure, linked)
        return {
            str(key): Row(
                Company(name, status, reason, winner, _exact(fields)),
                source_object,
                updated_at,
            )
            for key, name, status, reason, winner, fields, source_object, updated_at in found
        }

    def fields(self, tenant: str) -> dict[str, MappedField]:
        """The custom fields by key, those that are mapped no more too."""
        found = self._connection.execute(
            "SELECT key, type, source_path, active FROM flyle.custom_fields WHERE tenant_id = %s",
            [tenant],
        ).fetchall()
        return {
            str(key): MappedField(str(kind), str(path), bool(active))
            for key, kind, path, active in found
        }

    def options(self, tenant: str) -> dict[tuple[str, str], Option]:
        """The option catalog by field key and value."""
        found = self._connection.execute(
            "SELECT field_key, value, label, active FROM flyle.custom_field_options"
            " WHERE tenant_id = %s",
            [tenant],
        ).fetchall()
        return {(str(k), str(v)): Option(str(label), bool(on)) for k, v, label, on in found}

    def rejected(self, tenant: str) -> dict[tuple[str, str | None], str]:
        """The reasons of the values that stand rejected, by external id and field."""
        found: list[tuple[Any, ...]] = self._connection.execute(
            "SELECT external_id, field, reason FROM flyle.rejected_records"
            " WHERE tenant_id = %s AND resolved_at IS NULL",
            [tenant],
        ).fetchall()
        return {(str(key), field): str(reason) for key, field, reason in found}

    def changes(self, tenant: str, after_sync: int) -> set[tuple[str, str]]:
        """(external id, field) of every recorded change of syncs later than that one."""
        found = self._connection.execute(
            "SELECT external_id, field FROM flyle.company_changes"
            " WHERE tenant_id = %s AND sync_id > %s",
            [tenant, after_sync],
        ).fetchall()
        return {(str(key), str(field)) for key, field in found}

    def last_sync(self, tenant: str) -> tuple[int, str | None]:
        """The newest sync's id and state; 0 and None before the first."""
        found = self._connection.execute(
            "SELECT sync_id, state FROM flyle.syncs WHERE tenant_id = %s"
            " ORDER BY sync_id DESC LIMIT 1",
            [tenant],
        ).fetchone()
        return (0, None) if found is None else (int(str(found[0])), str(found[1]))

    def generations(self, tenant: str) -> dict[str, int]:
        """The generation that stands of every dataset."""
        found = self._connection.execute(
            "SELECT dataset, generation FROM flyle.generations WHERE tenant_id = %s", [tenant]
        ).fetchall()
        return {str(name): int(str(number)) for name, number in found}

    def attention(self, tenant: str) -> set[str]:
        """The codes of what needs a person."""
        found = self._connection.execute(
            "SELECT attention FROM flyle.links WHERE tenant_id = %s", [tenant]
        ).fetchone()
        entries = found[0] if found else []
        assert isinstance(entries, list)
        return {entry["code"] for entry in entries}
