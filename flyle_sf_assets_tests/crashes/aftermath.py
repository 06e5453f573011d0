"""What must hold after a process died, found without the product's own reading.

One refresh later the companies are what the org and the settings say, no change is recorded
twice, no sync seems to run, and no file is left that nothing names.
"""

import itertools
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.tenants import Tenant

OLD = timedelta(days=8)
"""Older than every file that the cleanup still keeps."""


def change(org: Org, number: int) -> None:
    """Something new for every asset: records, parents, contracts, people, options."""
    deals = [str(one["Id"]) for one in org.records("Opportunity")]
    accounts = [str(one["Id"]) for one in org.records("Account")]
    renamed, deleted = deals[number % len(deals)], deals[(7 * number + 3) % len(deals)]
    org.add_option("Opportunity", "StageName", f"Stage{number}", f"段階{number}")
    org.update("Opportunity", renamed, {"Name": f"商談{number}", "StageName": f"Stage{number}"})
    org.update("Account", accounts[number % len(accounts)], {"Name": f"会社{number}"})
    org.update("User", org.ids("User")[1], {"Email": f"moved{number}@example.jp"})
    contract = str(org.records("Contract_Info__c")[0]["Id"])
    org.update("Contract_Info__c", contract, {"Plan__c": ("Standard", "Free")[number % 2]})
    if deleted != renamed:
        org.delete("Opportunity", deleted)
    customer = org.insert("Account", {"Name": f"新しい会社{number}"})
    org.insert("Opportunity", {"Name": "新案件", "StageName": "Proposal", "AccountId": customer})


def repair(tenant: Tenant) -> None:
    """What happens next in an installation: the settings' file is read again, and one refresh.

    Somebody whose "connect" died presses it again.
    """
    tenant.later(METADATA_S)
    tenant.apply()
    if tenant.query("SELECT FROM flyle.links WHERE tenant_id = %s AND state = 'disconnected'"):
        connect_headless(
            tenant.installation,
            tenant.name,
            by="test",
            replace_org=False,
            clock=tenant.clock.now,
        )
    tenant.sync()


def assert_whole(tenant: Tenant) -> None:
    """The store equals the org, the history tells each change once, and no file is left over."""
    tenant.assert_follows_org()
    assert not tenant.query(
        "SELECT FROM flyle.syncs WHERE tenant_id = %s AND state IN ('queued', 'running')"
    )
    _assert_history(tenant)
    sweep_lake(tenant.installation, datetime.now(UTC) + OLD)
    assert _files(tenant) == _named(tenant)


def _assert_history(tenant: Tenant) -> None:
    """Each change begins with what the one before left, and the last one is what there is."""
    found = tenant.query(
        "SELECT external_id, field, of_row, old::text, new::text FROM flyle.company_changes"
        " WHERE tenant_id = %s ORDER BY change_id"
    )
    steps: dict[tuple[Any, ...], list[tuple[Any, Any]]] = defaultdict(list)
    for external_id, field, of_row, old, new in found:
        steps[external_id, field, of_row].append((_value(old), _value(new)))
    for place, changes in steps.items():
        assert all(old != new for old, new in changes), (place, changes)
        for (_, reached), (began, _) in itertools.pairwise(changes):
            assert began == reached, (place, changes)
    companies = tenant.query(
        "SELECT external_id, status, name, custom_fields::text FROM flyle.companies"
        " WHERE tenant_id = %s"
    )
    for external_id, status, name, fields in companies:
        now = {("status", True): status, ("name", True): name}
        now |= {(key, False): value for key, value in json.loads(fields).items()}
        for (field, of_row), value in now.items():
            told = steps.get((external_id, field, of_row))
            assert not told or told[-1][1] == value, (external_id, field, told, value)


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _files(tenant: Tenant) -> set[str]:
    root = tenant.installation.lake.root
    found = (root / tenant.name).rglob("*")
    return {str(file.relative_to(root)) for file in found if file.is_file()}


def _named(tenant: Tenant) -> set[str]:
    manifests = tenant.query("SELECT manifest::text FROM flyle.generations WHERE tenant_id = %s")
    return {
        file["path"]
        for (text,) in manifests
        if (manifest := json.loads(text))
        for file in [manifest["base"], *manifest["segments"]]
    }
