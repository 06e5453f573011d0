"""Enriched rows compared with existing companies: differences counted, estimates scaled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import HASH_VERSION, documents
from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.preview.impact import Figure
from flyle_sf_assets.store.companies.dry_run import (
    CompanyDifferences,
    ValueDifference,
    compare_companies,
)
from flyle_sf_assets.store.companies.upsert import Conversion
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.sync.load.company_writer import BATCH_ROWS

EXAMPLES = 5


@dataclass(frozen=True)
class Conversions:
    """How rows become companies in this preview. ``foreign_keys`` were not mapped before."""

    fields: Sequence[CompanyField]
    time_zone: str
    catalog: pl.DataFrame
    retyped: frozenset[str]
    source_object: str
    foreign_keys: frozenset[str]

    def documents(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Enriched rows as the store would accept them, without rejected ones."""
        converted = convert(
            rows,
            self.fields,
            time_zone=self.time_zone,
            catalog=self.catalog,
            retyped=self.retyped,
        )
        return documents(converted.rows, self.fields)


@dataclass(frozen=True)
class Counted:
    """Differences of ``compared`` rows that represent ``population`` companies."""

    compared: int
    population: int
    moved: int = 0
    blanked: int = 0
    overwritten: int = 0
    fields: Mapping[str, tuple[int, int, int]] | None = None
    changes: tuple[ValueDifference, ...] = ()

    def scaled(self, count: int) -> Figure:
        """A count of the compared rows, scaled to the population."""
        if self.compared >= self.population:
            return Figure(count)
        return Figure(round(count * self.population / max(self.compared, 1)), exact=False)

    def of_field(self, key: str) -> tuple[Figure, Figure, Figure]:
        """Changed, blanked and with an earlier value, of one custom field."""
        changed, blanked, had_value = (self.fields or {}).get(key, (0, 0, 0))
        return self.scaled(changed), self.scaled(blanked), self.scaled(had_value)


def counted(
    tx: TenantTransaction, conversions: Conversions, rows: pl.DataFrame, *, population: int
) -> Counted:
    """The differences that writing these enriched rows would make in companies that exist."""
    parts = [
        compare_companies(
            tx,
            conversions.documents(batch),
            source_object=conversions.source_object,
            conversion=Conversion(
                HASH_VERSION,
                conversions.retyped,
                frozenset(one.key for one in readable_fields(conversions.fields)),
            ),
            foreign_keys=conversions.foreign_keys,
            examples=EXAMPLES,
        )
        for batch in rows.iter_slices(BATCH_ROWS)
        if batch.height
    ]
    return Counted(
        compared=rows.height,
        population=population,
        moved=sum(part.moved for part in parts),
        blanked=sum(part.blanked for part in parts),
        overwritten=sum(part.overwritten for part in parts),
        fields=_per_field(parts),
        changes=tuple(change for part in parts for change in part.changes),
    )


def total(figures: Iterable[Figure]) -> Figure:
    """The sum, exact only when every part is."""
    parts = list(figures)
    return Figure(sum(one.count for one in parts), all(one.exact for one in parts))


def _per_field(parts: Sequence[CompanyDifferences]) -> dict[str, tuple[int, int, int]]:
    found: dict[str, tuple[int, int, int]] = {}
    for one in (field for part in parts for field in part.fields):
        before = found.get(one.field, (0, 0, 0))
        new = (one.changed, one.blanked, one.had_value)
        found[one.field] = (before[0] + new[0], before[1] + new[1], before[2] + new[2])
    return found
