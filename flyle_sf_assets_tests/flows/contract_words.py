"""Words of the public contract that the oracle relies on, written down once more.

What does not belong here: anything of the product.
"""

DEFAULT_TYPES = {
    "url": "url",
    "picklist": "single_select",
    "multipicklist": "multi_select",
    "boolean": "checkbox",
    **dict.fromkeys(("int", "long", "double", "currency", "percent"), "number"),
    "date": "date",
    "datetime": "datetime",
}
"""The first Flyle type of each Salesforce type that does not become text."""

REASONS = {
    "out_of_scope": "conditions_not_met",
    "deleted": "deleted_in_salesforce",
    "merged": "merged_in_salesforce",
    "missing": "not_found",
}
