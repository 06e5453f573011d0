"""What of a company row counts as its content: what the history and ``updated_at`` follow.

What does not belong here: the rows (``oracle.py``).
"""

from dataclasses import replace

from flyle_sf_assets_tests.flows.oracle import Company


def content(row: Company) -> Company:
    """The row without blanks: a field that gets one where it had no value has not changed."""
    filled = {key: value for key, value in row.custom_fields.items() if value is not None}
    return replace(row, custom_fields=filled)
