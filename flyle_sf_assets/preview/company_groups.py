"""The companies of a preview, by what would happen to them, and which records to read for them."""

from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.companies.status import CompanyStatus

SMALL_GROUP = 200
"""Of the records to read, this many are reserved for companies that return, and for new ones."""


@dataclass(frozen=True)
class CompanyGroups:
    """External ids by what happens to them: every company and matching record is in one group.

    ``staying`` are linked and match, ``returning`` are frozen and match, ``frozen`` are frozen
    and do not, ``leaving`` are linked and do not (or are of another base object), ``created``
    match and are no company yet.
    """

    staying: pl.Series
    returning: pl.Series
    frozen: pl.Series
    leaving: pl.Series
    created: pl.Series

    @staticmethod
    def of(states: pl.DataFrame, matching: pl.Series, base_object: str) -> "CompanyGroups":
        """``states`` are all companies (`store.comparison.STATES_SCHEMA`)."""
        is_linked = pl.col("status") == str(CompanyStatus.LINKED)
        is_own = pl.col("source_object") == base_object
        matches = pl.col("external_id").is_in(matching.implode())

        def ids(chosen: pl.Expr) -> pl.Series:
            return states.filter(chosen)["external_id"]

        return CompanyGroups(
            staying=ids(is_linked & is_own & matches),
            returning=ids(~is_linked & matches),
            frozen=ids(~is_linked & ~matches),
            leaving=ids(is_linked & ~(is_own & matches)),
            created=without(matching, states["external_id"]),
        )


def without(ids: pl.Series, others: pl.Series) -> pl.Series:
    """The ids that are not among the others."""
    return ids.filter(~ids.is_in(others.implode()))


def within(ids: pl.Series, others: pl.Series) -> pl.Series:
    """The ids that are among the others."""
    return ids.filter(ids.is_in(others.implode()))


def spread(ids: pl.Series, most: int) -> pl.Series:
    """At most this many of the ids, evenly over their order: old records and new ones."""
    if ids.len() <= most:
        return ids.sort()
    places = [place * ids.len() // most for place in range(most)]
    return ids.sort().gather(places)


@dataclass(frozen=True)
class Sample:
    """The ids to read of each group whose values are not held."""

    staying: pl.Series
    returning: pl.Series
    created: pl.Series

    @property
    def ids(self) -> pl.Series:
        """All of them."""
        return pl.concat([self.staying, self.returning, self.created])

    @staticmethod
    def drawn(
        staying: pl.Series, returning: pl.Series, created: pl.Series, *, most: int
    ) -> "Sample":
        """At most ``most`` in total; content that may change comes before what is new."""
        for_new = min(created.len(), SMALL_GROUP)
        for_returning = min(returning.len(), SMALL_GROUP)
        of_staying = spread(staying, most - for_new - for_returning)
        of_returning = spread(returning, most - for_new - of_staying.len())
        of_created = spread(created, most - of_staying.len() - of_returning.len())
        return Sample(of_staying, of_returning, of_created)
