"""What a step did not foresee: the link, the sync and Dagster say one code, and nobody a value.

The faults are real ones of the libraries, over a record that holds a marker; only where they
happen is chosen. What does not belong here: whole machines that break
(``cli/test_broken_machine.py``).
"""

import json
from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from dagster import DagsterEventType, DagsterInstance, serialize_value

from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns
from flyle_sf_assets_tests.flows.tenants import Tenant

MARKER = "geheimer-Wert-7734"
RECORD = pl.DataFrame({"Id": ["001000000000001AAA"], "Birthday__c": [MARKER]})


def _converts(_: Refresh) -> None:
    RECORD.select(pl.col("Birthday__c").str.to_date("%Y-%m-%d"))


def _validates(_: Refresh) -> None:
    pa.DataFrameSchema({"Birthday__c": pa.Column(pl.String, pa.Check.isin(["x"]))}).validate(RECORD)


def _writes_a_key_twice(refresh: Refresh) -> None:
    with refresh.committed.transaction() as tx:
        for _ in range(2):
            tx.execute(
                "INSERT INTO custom_fields (tenant_id, key, label, type, source_path, active)"
                " VALUES (:tenant_id, :key, 'l', 'text', 's', true)",
                tenant_id=refresh.tenant,
                key=MARKER,
            )


def _writes_no_date(refresh: Refresh) -> None:
    with refresh.committed.transaction() as tx:
        tx.execute("SELECT CAST(:value AS date)", value=MARKER)


def _raises_about_it(refresh: Refresh) -> None:
    with refresh.committed.transaction() as tx:
        tx.execute(f"DO $$ BEGIN RAISE EXCEPTION '{MARKER}'; END $$")


def _nests_too_deep(_: Refresh) -> None:
    json.loads("[" * 100_000 + f'"{MARKER}"')


def _decodes(_: Refresh) -> None:
    (MARKER.encode() + b"\xff").decode()


def _overflows(_: Refresh) -> None:
    float(int("9" * 400))


def _looks_up(_: Refresh) -> None:
    known: dict[str, str] = {}
    known[MARKER]


def _behind_one_of_ours(refresh: Refresh) -> None:
    try:
        _converts(refresh)
    except pl.exceptions.PolarsError as error:
        refresh.installation.database.upgrade()
        _writes_no_date(refresh)
        raise AssertionError from error


FAULTS: dict[str, tuple[Callable[[Refresh], None], str]] = {
    "conversion": (_converts, "unforeseen"),
    "validation": (_validates, "unforeseen"),
    "key_twice": (_writes_a_key_twice, "store_refused"),
    "no_date": (_writes_no_date, "store_refused"),
    "trigger": (_raises_about_it, "store_refused"),
    "deep": (_nests_too_deep, "unforeseen"),
    "bytes": (_decodes, "unforeseen"),
    "overflow": (_overflows, "unforeseen"),
    "lookup": (_looks_up, "unforeseen"),
    "behind_ours": (_behind_one_of_ours, "store_refused"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_link_sync_and_dagster_say_one_code_and_no_value(
    name: str,
    acme_runs: DagsterRuns,
    instance: DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The event log, which many may read, held the birthdays of a customer's customers."""
    fault, code = FAULTS[name]

    def step(refresh: Refresh) -> StepReport:
        fault(refresh)
        raise AssertionError("the fault did not happen")

    monkeypatch.setattr("flyle_sf_assets.defs.assets.describe_objects", step)
    logs.configure(level="DEBUG", log_format="json")
    result = acme_runs.refresh()
    assert not result.success
    told = _told(acme_runs.tenant, result.run_id, instance)
    assert told == {"link": code, "sync": code, "dagster": code}
    out, err = capfd.readouterr()
    assert MARKER not in out + err
    assert MARKER not in _everything(acme_runs.tenant, instance, result.run_id)
    if code == "unforeseen":
        (incident,) = _metadata(instance, result.run_id, "incident")
        assert incident in _everything(acme_runs.tenant, instance, "")
        (entry,) = [json.loads(x) for x in err.splitlines() if f'"incident": "{incident}"' in x][:1]
        assert any(fault.__name__ in frame for frame in entry["raised"][0]["frames"])


def _told(tenant: Tenant, run_id: str, instance: DagsterInstance) -> dict[str, str]:
    with tenant.installation.database.tenant(tenant.name) as tx:
        (attention,) = get_link(tx).attention
    ((error,),) = tenant.query("SELECT error FROM flyle.syncs WHERE tenant_id = %s")
    (code,) = _metadata(instance, run_id, "code")
    return {"link": attention.code, "sync": error[1 : error.index("]")], "dagster": code}


def _metadata(instance: DagsterInstance, run_id: str, name: str) -> list[Any]:
    failures = instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE)
    found = []
    for one in failures:
        assert one.dagster_event is not None
        told = one.dagster_event.step_failure_data.user_failure_data
        assert told is not None
        found.append(told.metadata[name].value)
    return found


def _everything(tenant: Tenant, instance: DagsterInstance, run_id: str) -> str:
    """What is kept for people to read, as text: not the records themselves."""
    tables = ("links", "syncs", "notifications", "rejected_records")
    rows = [
        str(row)
        for table in tables
        for row in tenant.query(
            f"SELECT t::text FROM flyle.{table} t WHERE tenant_id = %s"  # noqa: S608 - ours
        )
    ]
    events = [serialize_value(one) for one in instance.all_logs(run_id)] if run_id else []
    return "\n".join([*rows, *events])
