"""Base records reconstructed from the companies when the record files were lost."""

import polars as pl

from flyle_sf_assets.raw.canonical import STAMP_TYPE
from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.records import RecordStatus, record_schema
from flyle_sf_assets.salesforce.id_columns import is_valid_id
from flyle_sf_assets.store.companies.dry_run import company_ends
from flyle_sf_assets.sync.state.committed_state import CommittedState

_ENDED = (RecordStatus.DELETED, RecordStatus.MERGED, RecordStatus.MISSING)


def records_of_companies(committed: CommittedState, plan: ReadPlan, base: Dataset) -> pl.LazyFrame:
    """Record rows of ``base`` for every company that was made of it.

    Without values except the name. A record not known to have ended counts as out of scope: the
    following read finds those that are in scope, and the status of the others. A record that was
    deleted while its file was lost is found by no read; its company stayed linked.
    """
    with committed.transaction() as tx:
        companies = company_ends(tx, plan.base_object)
    schema = record_schema(base.columns)
    has_ended = pl.col("status").is_in([status.value for status in _ENDED])
    # An impossible id that an earlier version stored is not a record to ask for.
    possible = companies.lazy().filter(is_valid_id(pl.col("external_id")))
    rows = possible.select(
        pl.col("external_id").alias("Id"),
        pl.from_epoch("stamped_us", "us")
        .dt.replace_time_zone("UTC")
        .cast(STAMP_TYPE)
        .alias("SystemModstamp"),
        pl.when(has_ended)
        .then("status")
        .otherwise(pl.lit(RecordStatus.OUT_OF_SCOPE.value))
        .alias("_status"),
        pl.when(pl.col("status") == RecordStatus.MERGED.value)
        .then("merged_into")
        .alias("_merged_into"),
        pl.col("name").alias("Name"),
    )
    told = rows.collect_schema().names()
    unknown = [pl.lit(None, pl.String).alias(name) for name in schema.names() if name not in told]
    return rows.with_columns(unknown).select(schema.names())
