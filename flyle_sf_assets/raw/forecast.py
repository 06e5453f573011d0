"""The cost of a refresh, estimated from a read plan and a few numbers: calls, records, seconds.

A forecast: pages may be smaller than Salesforce promises, and polls depend on its queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.raw.questions import IDS_PER_QUESTION
from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.composite import QUERIES_MAX
from flyle_sf_assets.salesforce.query import REST_ROWS_MAX

REST_PAGE_ROWS = 2_000
BULK_CALLS = 8
"""Creating a job, a few polls, deleting it; result pages are extra."""

BULK_SECONDS = 20
CALL_SECONDS = 0.3
RUN_SECONDS = 4
ROWS_PER_SECOND = 10_000
"""Read, joined, converted and written, on two cores."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the next refresh would cost: API calls, records read, seconds."""

    api_calls: int
    records: int
    seconds: int


@dataclass(frozen=True, slots=True)
class DatasetLoad:
    """How much of one dataset the refresh reads.

    ``whole`` is the number of records to read by the conditions (None: only what is new),
    ``by_id`` the numbers of records to read by Id, one per read by Id; ``is_held`` says that a
    window is read.
    """

    is_held: bool
    whole: int | None = None
    by_id: tuple[int, ...] = ()


def forecast(plan: ReadPlan, loads: Mapping[str, DatasetLoad], *, describe_calls: int) -> Cost:
    """The cost of one refresh; ``loads`` by dataset name."""
    calls, records, bulk_jobs = describe_calls, 0, 0
    for asset in RAW_ASSETS:
        statements = 0
        for dataset in plan.of_asset(asset):
            load = loads[dataset.name]
            if load.is_held and dataset.followed == "stamp":
                statements += 2 if dataset.is_base else 1
            if load.whole is not None:
                # A count first, to choose REST or Bulk.
                calls += 1 + read_calls(load.whole)
                bulk_jobs += load.whole > REST_ROWS_MAX
            calls += sum(ceil(ids / (IDS_PER_QUESTION * QUERIES_MAX)) for ids in load.by_id)
            records += (load.whole or 0) + sum(load.by_id)
        calls += ceil(statements / QUERIES_MAX)
    seconds = (
        RUN_SECONDS + calls * CALL_SECONDS + bulk_jobs * BULK_SECONDS + records / ROWS_PER_SECOND
    )
    return Cost(calls, records, ceil(seconds))


def poll_cost(plan: ReadPlan) -> Cost:
    """The cost of a poll that finds nothing new."""
    stamped = [dataset for dataset in plan.datasets if dataset.followed == "stamp"]
    calls = ceil(len(stamped) / QUERIES_MAX)
    return Cost(calls, 0, ceil(calls * CALL_SECONDS))


def read_calls(rows: int) -> int:
    """Calls to read this many records: REST pages, or a Bulk job."""
    if rows <= REST_ROWS_MAX:
        return max(1, ceil(rows / REST_PAGE_ROWS))
    return BULK_CALLS + ceil(rows / BulkPace().page_rows)
