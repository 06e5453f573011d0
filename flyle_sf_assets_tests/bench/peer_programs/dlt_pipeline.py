"""What dlt's verified source for Salesforce does, in its environment: one resource per object.

That source is no package: its code is copied into each project. It reads by simple-salesforce, by
Bulk API 1.0 where the org has it and otherwise by REST, as here, and yields record by record.
``dlt_pipeline load URL CA_FILE COLUMNS`` or ``dlt_pipeline count COLUMNS``; the destination and its
credentials are in the environment.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import dlt
from simple_salesforce.api import Salesforce

from flyle_sf_assets_tests.bench.peer_programs.salesforce_client import (
    given_columns,
    signed_in,
    soql,
)


def main() -> None:
    """Loads, or prints how many different records there are of each object."""
    action, *rest = sys.argv[1:]
    pipeline = dlt.pipeline(
        "peers", destination=os.environ["BENCH_DLT_DESTINATION"], dataset_name="salesforce"
    )
    if action == "load":
        url, ca_file, columns = rest
        _load(pipeline, signed_in(url, ca_file), given_columns(columns))
    else:
        print(json.dumps(_counted(pipeline, given_columns(rest[0]))))  # noqa: T201


def _load(pipeline: Any, salesforce: Salesforce, columns: dict[str, str]) -> None:
    resources = [
        dlt.resource(_records(salesforce, name, selected), name=name, write_disposition="replace")
        for name, selected in columns.items()
    ]
    file_format = os.environ["BENCH_DLT_FILE_FORMAT"]
    pipeline.run(resources, loader_file_format=file_format).raise_on_failed_jobs()


def _records(salesforce: Salesforce, name: str, columns: str) -> Iterator[dict[str, Any]]:
    for record in salesforce.query_all_iter(soql(name, columns)):
        del record["attributes"]
        yield record


def _counted(pipeline: Any, columns: dict[str, str]) -> dict[str, int]:
    with pipeline.sql_client() as client:
        return {
            name: client.execute_sql(
                f"SELECT count(DISTINCT id) FROM {name.lower()}"  # noqa: S608 - our own names
            )[0][0]
            for name in columns
        }


if __name__ == "__main__":
    main()
