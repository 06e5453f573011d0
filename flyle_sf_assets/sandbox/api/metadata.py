"""Versions, limits, describes, and single records.

Source: REST API Developer Guide, "Versions", "Limits", "sObject Describe", "sObject Rows". What
does not belong here: what a describe says (``sandbox/describe.py``).
"""

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from flyle_sf_assets.sandbox.api.call import Answer, RestCall, json_answer
from flyle_sf_assets.sandbox.api.replication import deleted, updated
from flyle_sf_assets.sandbox.authorization import LOGIN_URL
from flyle_sf_assets.sandbox.clock import unpadded_http_date
from flyle_sf_assets.sandbox.describe import (
    describe_body,
    describe_global_body,
    summary_body,
    without_inactive_options,
)
from flyle_sf_assets.sandbox.metadata import SObject
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import not_found
from flyle_sf_assets.sandbox.rendering import json_records
from flyle_sf_assets.sandbox.soql.execution import execute

_LABELS = {
    "58.0": "Summer '23",
    "59.0": "Winter '24",
    "60.0": "Spring '24",
    "61.0": "Summer '24",
    "62.0": "Winter '25",
    "63.0": "Spring '25",
    "64.0": "Summer '25",
    "65.0": "Winter '26",
    "66.0": "Spring '26",
}
VERSIONS = frozenset(_LABELS)
_ALLOWANCES = {
    "ActiveScratchOrgs": 3,
    "AnalyticsExternalDataSizeMB": 40960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentEinsteinDataInsightsStoryCreation": 5,
    "ConcurrentEinsteinDiscoveryStoryCreation": 2,
    "ConcurrentSyncReportRuns": 20,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAnalyticsUploadedFilesSizeMB": 51200,
    "DailyApiRequests": 100000,
    "DailyAsyncApexExecutions": 250000,
    "DailyAsyncApexTests": 500,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyDeliveredPlatformEvents": 10000,
    "DailyDurableGenericStreamingApiEvents": 10000,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyEinsteinDataInsightsStoryCreation": 1000,
    "DailyEinsteinDiscoveryOptimizationJobRuns": 25,
    "DailyEinsteinDiscoveryPredictAPICalls": 50000,
    "DailyEinsteinDiscoveryPredictionsByCDC": 500000,
    "DailyEinsteinDiscoveryStoryCreation": 100,
    "DailyFunctionsApiCallLimit": 235000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyScratchOrgs": 6,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 100000,
    "DataStorageMB": 1024,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 1024,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999999999,
    "HourlyLongTermIdMapping": 100000,
    "HourlyManagedContentPublicRequests": 50000,
    "HourlyODataCallout": 20000,
    "HourlyPublishedPlatformEvents": 50000,
    "HourlyPublishedStandardVolumePlatformEvents": 1000,
    "HourlyShortTermIdMapping": 100000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1000,
    "MassEmail": 5000,
    "MonthlyEinsteinDiscoveryStoryCreation": 500,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PermissionSets": 1500,
    "PrivateConnectOutboundCalloutHourlyLimitMB": 0,
    "PublishCallbackUsageInApex": 1000,
    "SingleEmail": 5000,
    "StreamingApiConcurrentClients": 20,
}
"""About the number of entries of real orgs; which ones depends on the org's features."""

_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")


def versions() -> Answer:
    """The versions of the API; needs no token."""
    return json_answer(
        [
            {"label": label, "url": f"/services/data/v{number}", "version": number}
            for number, label in _LABELS.items()
        ]
    )


def resources(org: Org, call: RestCall) -> Answer:
    """The resources of one version, and the user."""
    paths = {name: f"/services/data/v{call.version}/{name}" for name in _RESOURCES}
    return json_answer(paths | {"identity": f"{LOGIN_URL}/id/{org.org_id}/{call.user_id}"})


def limits(org: Org) -> Answer:
    """The org's allowances; the daily requests are the ones that count here."""
    used, most = org.usage.used(org.now()), org.usage.daily_max
    jobs = _ALLOWANCES["DailyBulkV2QueryJobs"]
    remaining = {
        "DailyApiRequests": (most, max(0, most - used)),
        "DailyBulkV2QueryJobs": (jobs, jobs - org.usage.by_kind["bulk_create"]),
    }
    told = {name: (most, most) for name, most in _ALLOWANCES.items()} | remaining
    return json_answer(
        {name: {"Max": most, "Remaining": rest} for name, (most, rest) in sorted(told.items())}
    )


def describe_global(org: Org, call: RestCall) -> Answer:
    """All objects."""
    return Answer(body=describe_global_body(org.catalog, org.visibility, call.version))


def sobject_resource(org: Org, call: RestCall, name: str, rest: tuple[str, ...]) -> Answer:
    """``/sobjects/X``, ``/sobjects/X/describe`` and ``/sobjects/X/<id>``."""
    sobject = org.catalog.get(name)
    if sobject is None or not org.visibility.sees(sobject):
        raise not_found()
    if not rest:
        return Answer(body=summary_body(sobject, call.version))
    if rest == ("describe",):
        return _describe(org, call, sobject)
    if rest == ("updated",):
        return updated(org, call, sobject)
    if rest == ("deleted",):
        return deleted(org, call, sobject)
    if len(rest) == 1:
        return _record(org, call, sobject, rest[0])
    raise not_found()


def _describe(org: Org, call: RestCall, sobject: SObject) -> Answer:
    changed = org.schema_changed_at[sobject.name.lower()]
    shown = sobject if org.lists_inactive_options else without_inactive_options(sobject)
    body = describe_body(org.catalog, org.visibility, shown, call.version)
    headers = {
        "Last-Modified": unpadded_http_date(changed),
        "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
    }
    since = _http_date(call.headers.get("if-modified-since"))
    if since is not None and changed <= since:
        return Answer(304, headers=headers)
    return Answer(body=body, headers=headers)


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _record(org: Org, call: RestCall, sobject: SObject, record: str) -> Answer:
    wanted = call.parameters.get("fields") or ",".join(
        field.name for field in sobject.fields if org.visibility.sees(sobject, field)
    )
    safe = "".join(char for char in record if char.isalnum())
    query = f"SELECT {wanted} FROM {sobject.name} WHERE Id = '{safe}'"  # noqa: S608 - no SQL
    result = execute(org, query)
    if not result.total:
        raise not_found("The requested resource does not exist")
    (text,) = json_records(result.columns, result.chunk(0, 1), call.version)
    return Answer(body=text.encode())
