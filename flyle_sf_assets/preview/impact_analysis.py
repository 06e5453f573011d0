"""What draft settings change for a tenant's companies, once it is known which records match."""

import json
from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.companies.fields import CompanyField, company_fields
from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.enriched.affected import affected_ids
from flyle_sf_assets.enriched.join import enrich
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.options.catalog import described_options, followed_fields, met_values
from flyle_sf_assets.preview.company_diff import (
    EXAMPLES,
    Conversions,
    Counted,
    counted,
    total,
)
from flyle_sf_assets.preview.company_groups import CompanyGroups, Sample, within, without
from flyle_sf_assets.preview.cost import Found, next_cost
from flyle_sf_assets.preview.examples import examples
from flyle_sf_assets.preview.held_records import HeldFrames
from flyle_sf_assets.preview.impact import AddedOption, FieldImpact, Figure, Impact
from flyle_sf_assets.preview.membership import Membership
from flyle_sf_assets.preview.record_sampler import Sampling
from flyle_sf_assets.raw.plan import ReadPlan, Schemas, plan
from flyle_sf_assets.raw.records import ONLY_REFERENCED, READABLE, RecordStatus, is_any
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import diff, from_document
from flyle_sf_assets.store.companies.dry_run import company_states
from flyle_sf_assets.store.companies.picklist_options import list_options
from flyle_sf_assets.store.companies.type_changes import count_unconverted
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.settings_versions import SettingsVersion
from flyle_sf_assets.sync.state.asset_names import enriched_of
from flyle_sf_assets.sync.steps.companies import retyped_keys

SAMPLE_RECORDS_MAX = 2_000
"""Of records whose values are not held, this many are read; more are an estimate."""


@dataclass(frozen=True)
class DraftInOrg:
    """Draft settings with the schemas of their org."""

    installation: Installation
    settings: TenantSettings
    org: Org
    schemas: Schemas
    describe_calls: int

    @cached_property
    def plan(self) -> ReadPlan:
        """What the settings need of the org."""
        return plan(self.settings, self.schemas)

    @cached_property
    def fields(self) -> tuple[CompanyField, ...]:
        """The custom fields that they fill."""
        return company_fields(self.settings, self.plan.leaves)


@dataclass(frozen=True)
class ImpactAnalysis:
    """What changes for the companies, once it is known which records match.

    ``is_passed`` says that a refresh compared these very settings with the org.
    """

    made: DraftInOrg
    latest: SettingsVersion | None
    problems: tuple[Problem, ...]
    held: HeldFrames
    members: Membership
    is_passed: bool

    def impact(self) -> Impact:
        """All figures, with examples; reads at most `SAMPLE_RECORDS_MAX` records."""
        made, settings = self.made, self.made.settings
        with made.installation.database.tenant(settings.tenant) as tx:
            states = company_states(tx)
        groups = CompanyGroups.of(states, self.members.matching, self.plan.base_object)
        known = self._known(groups)
        sample = self._sample(groups, known)
        read = Sampling(made.org, self.plan, made.schemas, settings).of(sample.ids)
        frame = self._known_rows(pl.concat([known, groups.frozen]))
        with made.installation.database.tenant(settings.tenant) as tx:
            options = self._options(tx, read)
            conversions = self._conversions(tx, options)
            parts = (
                counted(tx, conversions, frame, population=frame.height),
                self._of(tx, conversions, read, sample.staying, without(groups.staying, known)),
                self._of(tx, conversions, read, sample.returning, without(groups.returning, known)),
            )
            rest = self._unconverted(tx, conversions)
        unread = self._unknown(groups, known)
        is_read = sample.ids.len() >= unread
        added = self._added(options)
        new_rows = _rows_of(read, sample.created)
        return Impact(
            tenant=settings.tenant,
            version=None if self.latest is None else self.latest.version,
            changes=diff(self._before, settings),
            problems=self.problems,
            matching=self.members.matching.len(),
            linked=states.filter(pl.col("status") == "linked").height,
            created=Figure(groups.created.len()),
            returning=Figure(groups.returning.len()),
            changed=_changed(parts, groups, known, rest),
            leaving=Figure(groups.leaving.len()),
            blanked=total([*(part.scaled(part.blanked) for part in parts), Figure(rest)]),
            overwritten=total(part.scaled(part.overwritten) for part in parts),
            options_added=Figure(len(added), exact=is_read or not followed_fields(made.fields)),
            fields=self._fields(parts, conversions.foreign_keys),
            options=added,
            examples=examples(
                made.fields, conversions, parts, groups, states, new_rows, self.members
            ),
            cost=next_cost(
                Found(self.held, self.members, groups.leaving.len(), read, unread),
                describe_calls=made.describe_calls,
                is_passed=self.is_passed,
            ),
            preview_api_calls=made.org.api_calls,
            sampled=read.height,
        )

    @property
    def plan(self) -> ReadPlan:
        """What the settings need of the org."""
        return self.made.plan

    @cached_property
    def _before(self) -> TenantSettings | None:
        return None if self.latest is None else from_document(json.loads(self.latest.document))

    def _known(self, groups: CompanyGroups) -> pl.Series:
        """Of the matching companies, those whose every value is held as it is in the org."""
        if not self.held.is_whole or self.members.is_untold:
            return pl.Series(dtype=pl.String)
        manifest = self.held.manifest(enriched_of(self.plan.base_object))
        before = None if manifest is None else self.made.installation.lake.read(manifest)
        touched = self.members.touched
        moved = affected_ids(self.plan, self._reachable(), before, touched)
        own = touched.get(self.held.base.name, pl.Series(dtype=pl.String))
        companies = pl.concat([groups.staying, groups.returning])
        return without(within(companies, self.held.linked_ids), pl.concat([moved, own]))

    def _reachable(self) -> dict[str, pl.LazyFrame]:
        """The held records; those that changed count as readable: one may be back."""
        is_gone = ~is_any(READABLE)
        return {
            name: records.with_columns(
                pl.when(is_gone & pl.col("Id").is_in(self.members.touched[name].implode()))
                .then(pl.lit(RecordStatus.OUT_OF_SCOPE.value))
                .otherwise("_status")
                .alias("_status")
            )
            if name in self.members.touched
            else records
            for name, records in self.held.all_records.items()
        }

    def _sample(self, groups: CompanyGroups, known: pl.Series) -> Sample:
        """What to read; only some new companies when they cannot contain new options."""
        is_followed = bool(followed_fields(self.made.fields))
        created = groups.created if is_followed else groups.created.sort().head(EXAMPLES)
        return Sample.drawn(
            without(groups.staying, known),
            without(groups.returning, known),
            created,
            most=SAMPLE_RECORDS_MAX,
        )

    def _unknown(self, groups: CompanyGroups, known: pl.Series) -> int:
        whole = groups.staying.len() + groups.returning.len() + groups.created.len()
        return whole - known.len()

    def _known_rows(self, ids: pl.Series) -> pl.DataFrame:
        """Enriched rows as they are held, with the tombstones of those that ended since."""
        rows = enrich(self.plan, self.held.all_records, ids).collect()
        ended = self.members.ended.select(
            "Id",
            pl.col("_status").alias("_new_status"),
            pl.col("_merged_into").alias("_new_winner"),
        )
        is_ended = pl.col("_new_status").is_not_null()
        reason = pl.concat_str(pl.col("_new_status"), pl.lit("_in_salesforce"))
        return (
            rows.join(ended, on="Id", how="left", maintain_order="left")
            .with_columns(
                pl.coalesce("_new_status", "_status").alias("_status"),
                pl.when(is_ended).then(reason).otherwise("_status_reason").alias("_status_reason"),
                pl.when(is_ended)
                .then("_new_winner")
                .otherwise("_merged_into")
                .alias("_merged_into"),
            )
            .drop("_new_status", "_new_winner")
        )

    def _options(self, tx: TenantTransaction, read: pl.DataFrame) -> pl.DataFrame:
        """The options that the fields would have, with ``held``: whether the catalog has it."""
        fields = self.made.fields
        columns = ["Id", *dict.fromkeys(one.source_path for one in followed_fields(fields))]
        rows = enrich(self.plan, self.held.all_records).select(*dict.fromkeys(columns)).collect()
        met = met_values(pl.concat([rows, read.select(rows.columns)]), fields)
        kept = pl.DataFrame(
            [(option.field_key, option.value) for option in list_options(tx)],
            schema={"field_key": pl.String, "value": pl.String},
            orient="row",
        ).with_columns(held=pl.lit(value=True))
        union = pl.concat([described_options(fields), met]).unique(
            ["field_key", "value"], keep="first", maintain_order=True
        )
        return union.join(kept, on=["field_key", "value"], how="full", coalesce=True)

    def _conversions(self, tx: TenantTransaction, options: pl.DataFrame) -> Conversions:
        mapped = set() if self._before is None else {m.to for m in self._before.mapping}
        return Conversions(
            fields=self.made.fields,
            time_zone=self.made.settings.time_zone,
            catalog=options.select("field_key", "value"),
            retyped=retyped_keys(tx, self.made.fields),
            source_object=self.plan.base_object,
            foreign_keys=frozenset(m.to for m in self.made.settings.mapping) - mapped,
        )

    def _of(
        self,
        tx: TenantTransaction,
        conversions: Conversions,
        read: pl.DataFrame,
        ids: pl.Series,
        group: pl.Series,
    ) -> Counted:
        return counted(tx, conversions, _rows_of(read, ids), population=group.len())

    def _unconverted(self, tx: TenantTransaction, conversions: Conversions) -> int:
        """Companies without a stored record lose their values of a type that changed."""
        if not conversions.retyped:
            return 0
        base = self.held.records(self.held.base).filter(~is_any(ONLY_REFERENCED))
        ids = pl.concat([base.select("Id").collect().to_series(), self.members.matching])
        return count_unconverted(tx, conversions.retyped, converted=ids)

    def _added(self, options: pl.DataFrame) -> tuple[AddedOption, ...]:
        labels = {field.key: field.label for field in self.made.fields}
        new = options.filter(pl.col("held").is_null())
        return tuple(
            AddedOption(key, labels[key], value, label, active)
            for key, value, label, active in new.select(
                "field_key", "value", "label", "active"
            ).rows()
        )

    def _fields(
        self, parts: tuple[Counted, ...], foreign: frozenset[str]
    ) -> tuple[FieldImpact, ...]:
        found = []
        for field in self.made.fields:
            of_parts = [part.of_field(field.key) for part in parts]
            changed, blanked, had_value = (total(column) for column in zip(*of_parts, strict=True))
            overwritten = had_value if field.key in foreign else Figure(0)
            found.append(FieldImpact(field.key, field.label, changed, blanked, overwritten))
        return tuple(found)


def _rows_of(rows: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    return rows.filter(pl.col("Id").is_in(ids.implode()))


def _changed(
    parts: tuple[Counted, Counted, Counted], groups: CompanyGroups, known: pl.Series, rest: int
) -> Figure:
    """A returning company changes whatever its values are: its status does."""
    held, staying, _ = parts
    returning = without(groups.returning, known).len()
    return total(
        [Figure(held.moved), staying.scaled(staying.moved), Figure(returning), Figure(rest)]
    )
