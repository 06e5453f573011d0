"""Asset keys, part of the public contract, and the order in which data flows through them.

What does not belong here: the assets themselves (``assets.py``).
"""

from dagster import AssetCheckKey, AssetKey

OBJECT_SCHEMAS = AssetKey(["salesforce", "object_schemas"])
OPPORTUNITIES = AssetKey(["salesforce", "opportunities"])
ACCOUNTS = AssetKey(["salesforce", "accounts"])
RELATED_RECORDS = AssetKey(["salesforce", "related_records"])
ENRICHED_RECORDS = AssetKey(["flyle", "enriched_records"])
PICKLIST_OPTIONS = AssetKey(["flyle", "picklist_options"])
COMPANIES = AssetKey(["flyle", "companies"])

CENSUS = AssetCheckKey(COMPANIES, "census")
"""What the last census found."""

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
    """The observed node that stands for the settings one asset reads."""
    return AssetKey(["flyle", "link_settings", part])
