"""A few companies of each kind, before and after, for the readers of a preview."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import polars as pl

from flyle_sf_assets.companies.document import CUSTOM_FIELDS
from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.rows import EXTERNAL_ID, NAME
from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.preview.company_diff import EXAMPLES, Conversions, Counted
from flyle_sf_assets.preview.company_groups import CompanyGroups
from flyle_sf_assets.preview.impact import Example, ExampleKind, ValueChange
from flyle_sf_assets.preview.membership import Membership
from flyle_sf_assets.store.companies.dry_run import ValueDifference

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def examples(
    fields: Sequence[CompanyField],
    conversions: Conversions,
    parts: Iterable[Counted],
    groups: CompanyGroups,
    states: pl.DataFrame,
    new_rows: pl.DataFrame,
    members: Membership,
) -> tuple[Example, ...]:
    """At most five of each kind. ``new_rows`` are enriched rows of companies to be created."""
    labels = {field.key: field.label for field in fields}
    changes = [change for part in parts for change in part.changes]
    found = [
        *_created(conversions.documents(new_rows.head(EXAMPLES)), labels),
        *_changed(changes, labels, set(groups.returning)),
        *_leaving(groups, states, conversions.source_object, members),
    ]
    kept: dict[ExampleKind, list[Example]] = {}
    for one in found:
        of_kind = kept.setdefault(one.kind, [])
        if len(of_kind) < EXAMPLES:
            of_kind.append(one)
    return tuple(one for of_kind in kept.values() for one in of_kind)


def _created(made: pl.DataFrame, labels: dict[str, str]) -> Iterator[Example]:
    for external_id, name, text in made.select(EXTERNAL_ID, NAME, CUSTOM_FIELDS).rows():
        members = _MEMBERS.decode(text or "{}")
        values = (
            ValueChange(key, labels[key], None, bytes(members[key]).decode())
            for key in labels
            if key in members
        )
        yield Example("created", external_id, name, tuple(values))


def _changed(
    changes: Iterable[ValueDifference], labels: dict[str, str], returning: set[str]
) -> Iterator[Example]:
    of_company: dict[str, list[ValueDifference]] = {}
    for change in changes:
        of_company.setdefault(change.external_id, []).append(change)
    for external_id, values in of_company.items():
        kind: ExampleKind = "changed"
        if external_id in returning:
            kind = "returning"
        elif any(value.is_blanked for value in values):
            kind = "blanked"
        shown = (
            ValueChange(
                key=value.field,
                label=value.field if value.of_row else labels.get(value.field, value.field),
                before=value.old,
                after=value.new,
                of_row=value.of_row,
            )
            for value in values
        )
        yield Example(kind, external_id, values[0].name, tuple(shown))


def _leaving(
    groups: CompanyGroups, states: pl.DataFrame, base_object: str, members: Membership
) -> Iterator[Example]:
    ended = dict(members.ended.select("Id", "_status").rows())
    leaving = states.filter(pl.col("external_id").is_in(groups.leaving.implode()))
    rows = leaving.sort("external_id").head(EXAMPLES)
    for external_id, name, source in rows.select("external_id", "name", "source_object").rows():
        status = ended.get(external_id, str(CompanyStatus.OUT_OF_SCOPE))
        if source != base_object:
            status = str(CompanyStatus.UNLINKED)
        change = ValueChange("status", "status", '"linked"', f'"{status}"', of_row=True)
        yield Example("leaving", external_id, name, (change,))
