"""The assets, one partition per tenant, written out in the order in which data flows.

Each body runs one step and shows its report.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    Failure,
    MaterializeResult,
    ResourceParam,
    asset,
)

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.checks import (
    census_evaluation,
    evaluation_of_held,
    evaluations_after_first_sync,
    gate_evaluations,
    gates_behind,
    is_held,
)
from flyle_sf_assets.defs.failures import guarded
from flyle_sf_assets.defs.metadata import materialized
from flyle_sf_assets.defs.partitions import tenants
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.sync.steps.companies import write_companies
from flyle_sf_assets.sync.steps.enriched_records import enrich_records
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.picklist_options import follow_options
from flyle_sf_assets.sync.steps.raw_records import read_records

OWNERS = ["team:data"]
Materialized = MaterializeResult[Any]
Told = Materialized | AssetCheckEvaluation
Body = Callable[..., Materialized | Iterator[Told]]
Decorator = Callable[[Body], AssetsDefinition]

link_settings = [
    AssetSpec(
        key=keys.link_settings(part),
        description=f"The settings that `{part}` reads, as a digest per settings version. "
        "Reported, never run: a new version makes only what depends on it stale.",
        partitions_def=tenants,
        group_name="settings",
        kinds={"yaml"},
        owners=OWNERS,
    )
    for part in keys.SETTINGS_PARTS
]


def _tenants_asset(group: str, *kinds: str, **spec: Any) -> Decorator:
    made: Decorator = asset(
        partitions_def=tenants, group_name=group, kinds=set(kinds), owners=OWNERS, **spec
    )
    return lambda body: made(guarded(body))


_salesforce = partial(_tenants_asset, "salesforce", "salesforce", "parquet")
_flyle = partial(_tenants_asset, "flyle", "polars")


@_salesforce(key=keys.OBJECT_SCHEMAS)
def object_schemas(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Materialized:
    """What describe says of every object that the tenant's settings reach.

    Fields, types, picklists and lookups as the connected user may see them.
    """
    return materialized(context, refreshes.step(context, describe_objects))


@_salesforce(
    key=keys.OPPORTUNITIES, deps=[keys.OBJECT_SCHEMAS, keys.link_settings("opportunities")]
)
def opportunities(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Materialized:
    """Opportunities (商談) that match the conditions, when Opportunity is the base object."""
    return materialized(context, refreshes.step(context, read_records, "opportunities"))


@_salesforce(
    key=keys.ACCOUNTS,
    deps=[keys.OBJECT_SCHEMAS, keys.link_settings("accounts"), keys.OPPORTUNITIES],
)
def accounts(context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]) -> Materialized:
    """Accounts (取引先): those that match the conditions, or those that opportunities refer to.

    Parent accounts on a mapped path are kept here too.
    """
    return materialized(context, refreshes.step(context, read_records, "accounts"))


@_salesforce(
    key=keys.RELATED_RECORDS,
    deps=[
        keys.OBJECT_SCHEMAS,
        keys.link_settings("related_records"),
        keys.OPPORTUNITIES,
        keys.ACCOUNTS,
    ],
)
def related_records(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Materialized:
    """Every other record on a mapped path: owners, and declared one-to-one objects."""
    return materialized(context, refreshes.step(context, read_records, "related_records"))


@_flyle(
    "parquet",
    key=keys.ENRICHED_RECORDS,
    deps=[keys.OPPORTUNITIES, keys.ACCOUNTS, keys.RELATED_RECORDS],
)
def enriched_records(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Materialized:
    """Base records with their parents' values joined on, still in Salesforce's own text."""
    return materialized(context, refreshes.step(context, enrich_records))


@_flyle(
    "postgres",
    key=keys.PICKLIST_OPTIONS,
    deps=[keys.OBJECT_SCHEMAS, keys.ENRICHED_RECORDS, keys.link_settings("companies")],
)
def picklist_options(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Materialized:
    """The catalog of options: followed from Salesforce, never deleted.

    Kept in PostgreSQL, in the table `flyle.custom_field_options`.
    """
    return materialized(context, refreshes.step(context, follow_options))


@_flyle(
    "postgres",
    key=keys.COMPANIES,
    deps=[keys.ENRICHED_RECORDS, keys.PICKLIST_OPTIONS, keys.link_settings("companies")],
)
def companies(
    context: AssetExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Iterator[Told]:
    """Companies as Flyle shows them: converted, validated by pandera, upserted.

    Kept in PostgreSQL, in the table `flyle.companies`; values that could not be taken over are
    in `flyle.rejected_records`.
    """
    tenant = context.partition_key
    try:
        report = refreshes.step(context, write_companies)
    except Failure as failure:
        # Yielded: what is only logged is lost when the step fails.
        yield from gate_evaluations(tenant, gates_behind(failure))
        if is_held(failure):
            yield evaluation_of_held(refreshes)
        raise
    yield materialized(context, report)
    yield from gate_evaluations(tenant, report.gates)
    if report.census is not None:
        yield census_evaluation(tenant, report.census)
    if report.is_released:
        yield evaluation_of_held(refreshes)
    if refreshes.is_first_sync(tenant):
        yield from evaluations_after_first_sync(refreshes)


all_assets: list[AssetsDefinition | AssetSpec] = [
    *link_settings,
    object_schemas,
    opportunities,
    accounts,
    related_records,
    enriched_records,
    picklist_options,
    companies,
]
