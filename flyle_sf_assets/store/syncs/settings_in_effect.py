"""Which settings version a tenant is refreshed with, and which newer ones are not applied.

The version in effect is the newest that the org fitted. A newer one is compared with the org by
the tenant's next refresh. One that does not fit is kept as refused, and compared again.

What does not belong here: the versions themselves (``store/tenants/settings_versions.py``), and
comparing them (``check``, ``sync``).
"""

# ruff: noqa: S608  the SQL is formatted only from this package's own column names

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction
from flyle_sf_assets.store.syncs.generations import Consumed, consumed, put_consumed
from flyle_sf_assets.store.tenants.problem_documents import problems_text, read_problems
from flyle_sf_assets.store.tenants.settings_versions import COLUMNS, SettingsVersion

_ASSET, _INPUT = "object_schemas", "link_settings"
"""The object schemas consume the version in effect: they are what it was compared with."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a version is not applied.

    ``problems`` are empty when a newer version came before it was compared. ``refused_at`` is when
    it first did not fit, ``compared_at`` when it was last compared.
    """

    version: int
    problems: tuple[Problem, ...]
    refused_at: datetime
    compared_at: datetime


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A tenant whose newest settings are not in effect; ``version`` is None for an unusable file.

    ``since`` is when the version first did not fit, or when the file was read.
    """

    tenant: str
    version: int | None
    problems: tuple[Problem, ...]
    since: datetime


def version_in_effect(tx: TenantTransaction) -> int | None:
    """The newest version that the org fitted; None before the first one."""
    taken = consumed(tx, _ASSET).get(_INPUT)
    return None if taken is None else taken.generation


def put_in_effect(tx: TenantTransaction, version: int) -> None:
    """The tenant is refreshed with this version from now on."""
    put_consumed(tx, _ASSET, [Consumed(_INPUT, version)])
    forget_refusal(tx, version)


def current_settings(tx: TenantTransaction) -> SettingsVersion | None:
    """The newest version that was not refused: in effect, or compared by the next refresh."""
    return tx.row(
        SettingsVersion,
        f"SELECT {COLUMNS} FROM settings_versions v WHERE tenant_id = :tenant_id"
        f" AND {_NOT_REFUSED} ORDER BY version DESC LIMIT 1",
    )


def current_before(tx: TenantTransaction, version: int) -> int | None:
    """The version that was current before that one: the newest earlier one that is not refused."""
    found = tx.execute(
        "SELECT max(version) AS version FROM settings_versions v WHERE tenant_id = :tenant_id"
        f" AND version < :version AND {_NOT_REFUSED}",
        version=version,
    ).scalar_one()
    return None if found is None else int(found)


def put_refusal(
    tx: TenantTransaction, version: int, problems: Iterable[Problem], now: datetime
) -> None:
    """Stores that the org does not fit the version, with every problem.

    Versions between the one in effect and this one are never compared: they are refused too.
    """
    tx.execute(
        "INSERT INTO settings_refusals (tenant_id, version, problems, refused_at, compared_at)"
        " SELECT tenant_id, version, '[]', :now, :now FROM settings_versions"
        " WHERE tenant_id = :tenant_id AND version > :in_effect AND version < :version"
        " ON CONFLICT (tenant_id, version) DO NOTHING",
        in_effect=version_in_effect(tx) or 0,
        version=version,
        now=now,
    )
    tx.execute(
        "INSERT INTO settings_refusals (tenant_id, version, problems, refused_at, compared_at)"
        " VALUES (:tenant_id, :version, CAST(:problems AS jsonb), :now, :now)"
        " ON CONFLICT (tenant_id, version) DO UPDATE SET problems = excluded.problems,"
        " compared_at = excluded.compared_at",
        version=version,
        problems=problems_text(problems),
        now=now,
    )


def get_refusals(tx: TenantTransaction) -> dict[int, Refusal]:
    """Every version that is not applied, and why, by version."""
    return {
        row.version: Refusal(
            row.version, read_problems(row.problems), row.refused_at, row.compared_at
        )
        for row in tx.execute(
            "SELECT version, problems, refused_at, compared_at FROM settings_refusals"
            " WHERE tenant_id = :tenant_id ORDER BY version",
        )
    }


def refusal_of_newest(tx: TenantTransaction) -> Refusal | None:
    """Why the newest version is not applied; None when it is, or was not compared yet."""
    refusals = get_refusals(tx)
    newest = tx.execute(
        "SELECT max(version) FROM settings_versions WHERE tenant_id = :tenant_id",
    ).scalar_one()
    return refusals.get(newest)


def forget_refusal(tx: TenantTransaction, version: int) -> None:
    """The version counts as not compared yet."""
    tx.execute(
        "DELETE FROM settings_refusals WHERE tenant_id = :tenant_id AND version = :version",
        version=version,
    )


def unapplied_settings(tx: FleetTransaction) -> tuple[Unapplied, ...]:
    """Every tenant whose newest version is refused, or whose file cannot be used, by name."""
    found = tx.execute(
        "SELECT r.tenant_id, r.version, r.problems, r.refused_at AS since"
        " FROM settings_refusals r JOIN (SELECT tenant_id, max(version) AS version"
        "  FROM settings_versions GROUP BY 1) v USING (tenant_id, version)"
        " LEFT JOIN settings_files f USING (tenant_id)"
        " WHERE f.tenant_id IS NULL OR f.removed_at IS NULL AND f.problems = '[]'"
        " UNION ALL"
        " SELECT tenant_id, NULL, problems, read_at FROM settings_files"
        " WHERE removed_at IS NULL AND problems <> '[]' ORDER BY 1"
    )
    return tuple(
        Unapplied(row.tenant_id, row.version, read_problems(row.problems), row.since)
        for row in found
    )


_NOT_REFUSED = (
    "NOT EXISTS (SELECT FROM settings_refusals r"
    " WHERE r.tenant_id = v.tenant_id AND r.version = v.version)"
)
