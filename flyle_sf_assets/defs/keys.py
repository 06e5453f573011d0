"""Asset keys, part of the public contract, and the order in which data flows through them."""

from dagster import AssetCheckKey, AssetKey

OBJECT_SCHEMAS = AssetKey(["salesforce", "object_schemas"])
OPPORTUNITIES = AssetKey(["salesforce", "opportunities"])
ACCOUNTS = AssetKey(["salesforce", "accounts"])
RELATED_RECORDS = AssetKey(["salesforce", "related_records"])
ENRICHED_RECORDS = AssetKey(["flyle", "enriched_records"])
PICKLIST_OPTIONS = AssetKey(["flyle", "picklist_options"])
COMPANIES = AssetKey(["flyle", "companies"])

FLEET_HEALTH = AssetKey(["flyle", "fleet_health"])
"""How all tenants stand; the one asset without partitions, and without inputs."""

CENSUS = AssetCheckKey(COMPANIES, "census")
"""What the last census found."""

EXTERNAL_IDS_UNIQUE = AssetCheckKey(COMPANIES, "external_ids_unique")
OPTIONS_IN_CATALOG = AssetCheckKey(COMPANIES, "options_in_catalog")
"""The gates of every run."""

NONE_FAILING = AssetCheckKey(COMPANIES, "no_tenant_failing")
NONE_OVERDUE = AssetCheckKey(COMPANIES, "no_tenant_overdue")
NO_OLD_REJECTED = AssetCheckKey(COMPANIES, "no_value_rejected_for_a_day")
NONE_STALE = AssetCheckKey(COMPANIES, "no_tenant_stale")
NONE_UNAPPLIED = AssetCheckKey(COMPANIES, "no_settings_unapplied")
NONE_HELD = AssetCheckKey(COMPANIES, "no_change_held")
FLEET_CHECKS = (
    NONE_FAILING,
    NONE_OVERDUE,
    NO_OLD_REJECTED,
    NONE_STALE,
    NONE_UNAPPLIED,
    NONE_HELD,
)
"""The state of all tenants together."""

RECORD_FILES = AssetCheckKey(ENRICHED_RECORDS, "record_files")
"""Whether all tenants' record files are what was written."""

IN_ORDER = (
    OBJECT_SCHEMAS,
    OPPORTUNITIES,
    ACCOUNTS,
    RELATED_RECORDS,
    ENRICHED_RECORDS,
    PICKLIST_OPTIONS,
    COMPANIES,
)

SETTINGS_PARTS = ("accounts", "opportunities", "related_records", "companies")


def link_settings(part: str) -> AssetKey:
    """The observed node that represents the settings one asset reads."""
    return AssetKey(["flyle", "link_settings", part])
