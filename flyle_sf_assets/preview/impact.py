"""What settings would do: the figures and examples of a preview, as values."""

from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.raw.forecast import Cost
from flyle_sf_assets.settings.versions import Change

ExampleKind = Literal["created", "returning", "changed", "leaving", "blanked"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and whether it is exact or an estimate from a sample."""

    count: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value before and after; JSON texts as companies hold them, None for no value.

    ``key`` is a custom field's, or ``name``/``status`` with ``of_row``.
    """

    key: str
    label: str
    before: str | None
    after: str | None
    of_row: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One company and what would happen to it."""

    kind: ExampleKind
    external_id: str
    name: str
    values: tuple[ValueChange, ...]


@dataclass(frozen=True, slots=True)
class AddedOption:
    """An option that would be added to the catalog; ``active`` as described."""

    key: str
    label: str
    value: str
    option_label: str
    active: bool


@dataclass(frozen=True, slots=True)
class FieldImpact:
    """One mapped field: companies whose value changes, goes blank, or replaces one that Flyle had.

    ``overwritten`` counts companies that have another value under this key although the current
    settings do not map it.
    """

    key: str
    label: str
    changed: Figure
    blanked: Figure
    overwritten: Figure


@dataclass(frozen=True, slots=True)
class Impact:
    """What a refresh with the draft's settings would do, given the org as it is now.

    ``changed`` counts as a sync does: linked companies whose content changes, and those that come
    back (``returning`` of them). ``matching`` records match the conditions; ``linked`` companies
    are linked now. ``exact`` is false when any figure is an estimate; ``sampled`` records were
    read for it.
    """

    tenant: str
    version: int | None
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    matching: int
    linked: int
    created: Figure
    returning: Figure
    changed: Figure
    leaving: Figure
    blanked: Figure
    overwritten: Figure
    options_added: Figure
    fields: tuple[FieldImpact, ...]
    options: tuple[AddedOption, ...]
    examples: tuple[Example, ...]
    cost: Cost
    preview_api_calls: int
    sampled: int

    @property
    def exact(self) -> bool:
        """Whether no figure is an estimate."""
        figures = (
            self.created,
            self.returning,
            self.changed,
            self.leaving,
            self.blanked,
            self.overwritten,
            self.options_added,
        )
        return all(figure.exact for figure in figures)

    def examples_of(self, kind: ExampleKind) -> tuple[Example, ...]:
        """The examples of one kind."""
        return tuple(one for one in self.examples if one.kind == kind)
