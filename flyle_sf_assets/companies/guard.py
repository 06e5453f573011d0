"""The mass-change guard: how much one run may take away before a person has to approve it.

Two kinds of loss: companies that are not linked any more, and values of one custom field that
become blank. What does not belong here: counting them (``store/companies/mass_changes.py``), and
what happens when they are held (``tenants/held_changes.py``).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flyle_sf_assets.errors import Text

FLOOR_ROWS = 50
"""That many rows or fewer are never held, whatever share of the companies they are."""

EXAMPLES = 5
"""Examples that are kept of each loss."""


@dataclass(frozen=True, slots=True)
class Loss:
    """``lost`` of ``of`` rows, as they were before the run.

    Without a ``field`` they are linked companies that leave; else values of that custom field that
    become blank. ``limit`` is the share of the settings (``20%``), ``label`` the field's.
    """

    field: str | None
    label: str
    lost: int
    of: int
    limit: str

    @property
    def share(self) -> str:
        """``25.6%``."""
        return f"{self.lost / self.of:.1%}" if self.of else "100.0%"

    @property
    def text(self) -> Text:
        """The numbers in words."""
        if self.field is None:
            return Text(
                f"連携中の企業 {self.of:,}件のうち{self.lost:,}件({self.share})が連携の対象から"
                f"外れます(上限 {self.limit})",
                f"{self.lost:,} of {self.of:,} linked companies ({self.share}) would no longer be"
                f" linked (limit {self.limit})",
            )
        return Text(
            f"「{self.label}」({self.field})の値 {self.of:,}件のうち{self.lost:,}件({self.share})が"
            f"空になります(上限 {self.limit})",
            f"{self.lost:,} of {self.of:,} values of “{self.label}” ({self.field}), {self.share},"
            f" would become blank (limit {self.limit})",
        )


@dataclass(frozen=True, slots=True)
class LossExample:
    """One company of a loss; ``old`` and ``new`` are JSON texts of the value or the status."""

    field: str | None
    external_id: str
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class MassChange:
    """The losses of one run that are above the limits; never without one."""

    losses: tuple[Loss, ...]
    examples: tuple[LossExample, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Names these numbers: an approval of one page does not approve other numbers."""
        told = repr([(one.field, one.lost) for one in self.losses])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def text(self) -> Text:
        """All losses in words."""
        return Text(
            "、".join(one.text.ja for one in self.losses),
            "; ".join(one.text.en for one in self.losses),
        )

    def examples_of(self, loss: Loss) -> tuple[LossExample, ...]:
        """The examples of one of the losses."""
        return tuple(one for one in self.examples if one.field == loss.field)


def may_exceed(lost: int) -> bool:
    """Whether that many rows can be too many at all."""
    return lost > FLOOR_ROWS


def exceeds(lost: int, of: int, limit: str) -> bool:
    """Whether ``lost`` of ``of`` rows are more than ``limit`` (a share as written: ``20%``).

    >>> exceeds(60, 300, "20%"), exceeds(61, 300, "20%"), exceeds(50, 60, "20%")
    (False, True, False)
    """
    return may_exceed(lost) and lost * 100 > _percent(limit) * of


def rows_enough(lost: int, limit: str) -> int | None:
    """Of how many rows ``lost`` is not too much; None when it is too much of any number.

    >>> rows_enough(61, "20%"), rows_enough(61, "0%")
    (305, None)
    """
    percent = _percent(limit)
    return math.ceil(lost * 100 / percent) if percent else None


def is_approved(losses: Sequence[Loss], approved: Sequence[Loss]) -> bool:
    """Whether each loss stays within the number of rows that was approved for it."""
    allowed = {one.field: one.lost for one in approved}
    return all(one.lost <= allowed.get(one.field, 0) for one in losses)


def _percent(limit: str) -> Fraction:
    return Fraction(limit.removesuffix("%"))
