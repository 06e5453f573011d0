"""Company rows compared with the stored ones by the rules of an upsert, without writing."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.store.companies import statements
from flyle_sf_assets.store.companies.rolled_back import has_kept_values, take_out_rolled_back
from flyle_sf_assets.store.companies.upsert import Conversion, rows_to_write
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.staging import copy_out, stage, unstage

STATES_SCHEMA: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "name": pl.String(),
    "status": pl.String(),
    "source_object": pl.String(),
}

ENDS_SCHEMA: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "name": pl.String(),
    "status": pl.String(),
    "merged_into": pl.String(),
    "stamped_us": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """Per custom field: companies with another value, a blanked one, an overwritten one."""

    field: str
    changed: int
    blanked: int
    had_value: int


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """One value of one company; ``old`` and ``new`` are JSON texts."""

    external_id: str
    name: str
    field: str
    old: str | None
    new: str | None
    of_row: bool
    is_blanked: bool


@dataclass(frozen=True, slots=True)
class CompanyDifferences:
    """What an upsert would change in existing companies; counts are companies.

    ``blanked`` lose at least one value, ``overwritten`` a value of one of the ``foreign_keys``.
    ``changes`` are all differences of a few of them.
    """

    moved: int
    blanked: int
    overwritten: int
    fields: tuple[FieldDifference, ...]
    changes: tuple[ValueDifference, ...]


def compare_companies(
    tx: TenantTransaction,
    rows: pl.DataFrame,
    *,
    source_object: str,
    conversion: Conversion,
    foreign_keys: Collection[str] = (),
    examples: int = 5,
) -> CompanyDifferences:
    """What `companies.upsert_companies` would change in existing rows; writes nothing.

    ``foreign_keys`` are the custom fields whose values did not come from the link so far.
    """
    rows = rows_to_write(tx, rows, source_object, conversion)
    stage(tx, "staged_companies", statements.STAGED_COLUMNS, rows)
    if has_kept_values(tx):
        is_other = conversion.retyped.union(foreign_keys)
        take_out_rolled_back(tx, readable=conversion.readable, ignored=is_other)
    found = tx.execute(
        statements.COMPARE,
        retyped=sorted(conversion.retyped),
        foreign_keys=sorted(foreign_keys),
        examples=examples,
    ).one()
    unstage(tx, "staged_companies")
    return CompanyDifferences(
        moved=int(found.moved),
        blanked=int(found.blanked),
        overwritten=int(found.overwritten),
        fields=tuple(FieldDifference(*one) for one in found.fields),
        changes=tuple(ValueDifference(*one) for one in found.changes),
    )


def company_ends(tx: TenantTransaction, source_object: str) -> pl.DataFrame:
    """The status of each company of a base object, without a former org's: `ENDS_SCHEMA`."""
    query = (
        "SELECT external_id, name, status, merged_into,"
        " (extract(epoch FROM source_modified_at) * 1000000)::bigint FROM companies"
        " WHERE tenant_id = %(tenant_id)s AND source_object = %(source_object)s"
        " AND status_reason IS DISTINCT FROM 'org_changed'"
    )
    return copy_out(tx, query, ENDS_SCHEMA, source_object=source_object)


def company_states(tx: TenantTransaction) -> pl.DataFrame:
    """Every company: `STATES_SCHEMA`."""
    query = (
        "SELECT external_id, name, status, source_object FROM companies"
        " WHERE tenant_id = %(tenant_id)s"
    )
    return copy_out(tx, query, STATES_SCHEMA)
