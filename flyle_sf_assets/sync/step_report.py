"""What one step did, to be shown: Dagster's metadata, a terminal, a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.companies.invariants import Gate
from flyle_sf_assets.store.syncs.census import CensusFigures


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """One column as the asset's page explains it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class ColumnOrigin:
    """A column of an asset, by the asset's key."""

    asset: str
    column: str


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did to one tenant.

    ``generation`` is the data version of what the step stores: it changes only with a commit that
    changed something. ``idle`` says why there was nothing to do. ``counts`` are numbers worth
    plotting under stable names; ``sample`` a few rows; ``census`` what a census found;
    ``sync_id`` the row of ``flyle.syncs`` that the step is part of; ``lineage`` the source
    columns in other assets of each column; ``gates`` the gates that were passed; ``is_released``: a
    held change was applied, or is none any more.
    """

    asset: str
    generation: str
    idle: Text | None = None
    rows: int = 0
    api_calls: int = 0
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[ColumnNote, ...] = ()
    lineage: Mapping[str, tuple[ColumnOrigin, ...]] = field(default_factory=dict)
    sample: pl.DataFrame | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    census: CensusFigures | None = None
    sync_id: int | None = None
    gates: tuple[Gate, ...] = ()
    is_released: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Records ``checked``; of these ``matched``; ``healed`` were read again or have ended.

    ``missing`` of the healed are purged or no longer visible.
    """

    checked: int = 0
    matched: int = 0
    healed: int = 0
    missing: int = 0

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(
            self.checked + other.checked,
            self.matched + other.matched,
            self.healed + other.healed,
            self.missing + other.missing,
        )
