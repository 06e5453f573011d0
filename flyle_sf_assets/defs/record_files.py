"""The check on the record files of all tenants, and the job and schedule that run it."""

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetSelection,
    MetadataValue,
    ResourceParam,
    ScheduleDefinition,
    asset_check,
    define_asset_job,
)

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.fleet import SCHEDULE_STATUS
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.defs.wording import capped
from flyle_sf_assets.scheduling.file_verification import FilesChecked, check_files


@asset_check(
    asset=keys.RECORD_FILES.asset_key,
    name=keys.RECORD_FILES.name,
    description="Whether the record files of all tenants are what was written: each is looked at,"
    " and a seventh of them read every night. A warning: the tenant's next refresh or census reads"
    " the data again from Salesforce.",
)
def record_files(refreshes: ResourceParam[Refreshes]) -> AssetCheckResult:
    """All tenants' files, whichever tenant's run starts the check."""
    checked = check_files(refreshes.installation(), refreshes.clock().date())
    return AssetCheckResult(
        passed=not checked.damaged,
        severity=AssetCheckSeverity.WARN,
        description=_described(checked),
        metadata={
            "files": MetadataValue.int(checked.files),
            "read": MetadataValue.int(checked.read),
            "damaged": MetadataValue.int(len(checked.damaged)),
        },
    )


def _described(checked: FilesChecked) -> str:
    counted = (
        f"{checked.files:,} record files, {checked.read:,} of them read"
        f" / レコードファイル{checked.files:,}個、うち{checked.read:,}個を読み込み"
    )
    if not checked.damaged:
        return counted
    found = capped([f"{one.tenant} {one.dataset} ({one.reason})" for one in checked.damaged])
    number = len(checked.damaged)
    return f"{counted}; {number:,} damaged or lost / 破損または消失{number:,}個: {found}"


record_files_job = define_asset_job(
    name="check_record_files",
    description="Compares record files of all tenants with their checksums.",
    selection=AssetSelection.checks(keys.RECORD_FILES),
)

record_files_schedule = ScheduleDefinition(
    name="check_record_files_nightly",
    job=record_files_job,
    cron_schedule="47 3 * * *",
    execution_timezone="Asia/Tokyo",
    default_status=SCHEDULE_STATUS,
)
