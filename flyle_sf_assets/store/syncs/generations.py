"""The committed manifest of each dataset, and what each asset has consumed of its inputs.

A swap is the commit of an asset: manifest, watermark and consumed inputs in one transaction.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import GenerationConflict, Text
from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction


@dataclass(frozen=True, slots=True)
class Generation:
    """A dataset's committed state: ``manifest`` is JSON text, ``watermark`` Salesforce's clock."""

    dataset: str
    generation: int
    manifest: str
    watermark: datetime | None
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Consumed:
    """What was consumed of one input: a generation, or a digest when it has no generation."""

    input: str
    generation: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class TenantManifest:
    """The manifest of one dataset of one tenant, as JSON text."""

    tenant_id: str
    dataset: str
    manifest: str


_COLUMNS = "dataset, generation, manifest::text AS manifest, watermark, committed_at"


def read_generation(tx: TenantTransaction, dataset: str) -> Generation | None:
    """The dataset's committed state, or None when it was never committed."""
    return tx.row(
        Generation,
        f"SELECT {_COLUMNS} FROM generations WHERE tenant_id = :tenant_id AND dataset = :dataset",
        dataset=dataset,
    )


def read_generations(tx: TenantTransaction) -> dict[str, Generation]:
    """All datasets of the tenant, by name."""
    found = tx.rows(
        Generation,
        f"SELECT {_COLUMNS} FROM generations WHERE tenant_id = :tenant_id ORDER BY dataset",
    )
    return {one.dataset: one for one in found}


def all_manifests(tx: FleetTransaction) -> tuple[TenantManifest, ...]:
    """The manifest of every dataset of every tenant."""
    query = "SELECT tenant_id, dataset, manifest::text AS manifest FROM generations ORDER BY 1, 2"
    return tuple(tx.rows(TenantManifest, query))


def swap_generation(
    tx: TenantTransaction,
    dataset: str,
    *,
    expected_generation: int,
    generation: int,
    now: datetime,
    manifest: str = "{}",
    watermark: datetime | None = None,
) -> None:
    """Commits ``generation`` of the dataset after ``expected_generation`` (0: nothing yet).

    ``generation`` equal to the expected one moves only the watermark (and the manifest's text).
    A dataset without record files has no ``manifest``, and one not read by time no ``watermark``.
    Raises GenerationConflict when another process committed in between.
    """
    values = {
        "dataset": dataset,
        "expected": expected_generation,
        "generation": generation,
        "manifest": manifest,
        "watermark": watermark,
        "now": now,
    }
    if expected_generation == 0:
        done = tx.execute(
            "INSERT INTO generations"
            " (tenant_id, dataset, generation, manifest, watermark, committed_at)"
            " VALUES (:tenant_id, :dataset, :generation, CAST(:manifest AS jsonb), :watermark,"
            " :now) ON CONFLICT (tenant_id, dataset) DO NOTHING",
            **values,
        )
    else:
        done = tx.execute(
            "UPDATE generations SET generation = :generation, manifest = CAST(:manifest AS jsonb),"
            " watermark = :watermark, committed_at = :now WHERE tenant_id = :tenant_id"
            " AND dataset = :dataset AND generation = :expected",
            **values,
        )
    if done.rowcount != 1:
        raise _conflict(tx, dataset, expected_generation)


def forget_watermarks(tx: TenantTransaction, owned: str, kept: Collection[str]) -> None:
    """Clears watermarks of one owner's datasets that are not followed now: later windows have gaps.

    ``owned`` is a LIKE pattern over dataset names; those in ``kept`` are followed.
    """
    tx.execute(
        "UPDATE generations SET watermark = NULL WHERE tenant_id = :tenant_id"
        " AND dataset LIKE :owned AND NOT dataset = ANY(:kept) AND watermark IS NOT NULL",
        owned=owned,
        kept=list(kept),
    )


def lose_generation(tx: TenantTransaction, dataset: str, generation: int) -> None:
    """Marks the dataset as empty: its files are damaged or lost.

    The generation stays, so that the next one is newer for every asset that consumed it.
    """
    tx.execute(
        "UPDATE generations SET manifest = '{}', watermark = NULL WHERE tenant_id = :tenant_id"
        " AND dataset = :dataset AND generation = :generation",
        dataset=dataset,
        generation=generation,
    )


def keep_manifest(tx: TenantTransaction, dataset: str, generation: int, manifest: str) -> None:
    """Replaces the manifest of a generation by one for the same rows, with more data about them."""
    tx.execute(
        "UPDATE generations SET manifest = CAST(:manifest AS jsonb)"
        " WHERE tenant_id = :tenant_id AND dataset = :dataset AND generation = :generation",
        dataset=dataset,
        generation=generation,
        manifest=manifest,
    )


def forget_watermark(tx: TenantTransaction, dataset: str) -> None:
    """Makes the next read of the dataset a full one, compared with the stored rows."""
    tx.execute(
        "UPDATE generations SET watermark = NULL"
        " WHERE tenant_id = :tenant_id AND dataset = :dataset",
        dataset=dataset,
    )


def consumed(tx: TenantTransaction, asset: str) -> dict[str, Consumed]:
    """What the asset has consumed, by input."""
    found = tx.rows(
        Consumed,
        "SELECT input, generation, digest FROM consumed"
        " WHERE tenant_id = :tenant_id AND asset = :asset",
        asset=asset,
    )
    return {one.input: one for one in found}


def all_consumed(tx: TenantTransaction) -> dict[str, dict[str, Consumed]]:
    """The same for every asset that has consumed an input, by asset."""
    found: dict[str, dict[str, Consumed]] = {}
    for row in tx.execute(
        "SELECT asset, input, generation, digest FROM consumed WHERE tenant_id = :tenant_id"
    ):
        one = Consumed(row.input, row.generation, row.digest)
        found.setdefault(row.asset, {})[row.input] = one
    return found


def put_consumed(tx: TenantTransaction, asset: str, inputs: Iterable[Consumed]) -> None:
    """Replaces what the asset has consumed; inputs that are not named are deleted."""
    tx.execute(
        "DELETE FROM consumed WHERE tenant_id = :tenant_id AND asset = :asset",
        asset=asset,
    )
    taken = list(inputs)
    tx.execute(
        "INSERT INTO consumed (tenant_id, asset, input, generation, digest)"
        " SELECT :tenant_id, :asset, * FROM unnest("
        " CAST(:inputs AS text[]), CAST(:generations AS bigint[]), CAST(:digests AS text[]))",
        asset=asset,
        inputs=[one.input for one in taken],
        generations=[one.generation for one in taken],
        digests=[one.digest for one in taken],
    )


def _conflict(tx: TenantTransaction, dataset: str, expected: int) -> GenerationConflict:
    found = read_generation(tx, dataset)
    return GenerationConflict(
        "generation_conflict",
        tried=Text(
            f"{tx.tenant_id} の {dataset} を世代 {expected} から進めようとしました",
            f"Tried to commit {dataset} of {tx.tenant_id} on top of generation {expected}",
        ),
        came_back=Text(
            f"現在は世代 {found.generation if found else 0} です",
            f"it is at generation {found.generation if found else 0}",
        ),
        remedy=Text(
            "別の処理が先に完了しました。再実行すれば続きから行われます",
            "Another process committed first; run it again and it goes on from there",
        ),
    )
