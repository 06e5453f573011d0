"""The names under which generations and consumed inputs of assets are stored, and their digests.

What does not belong here: what is consumed (``committed_state.py``); Dagster's asset keys
(``defs/keys.py``).
"""

import hashlib

SCHEMAS = "object_schemas"


ENRICHED = "enriched_records"


OPTIONS = "picklist_options"


COMPANIES = "companies"


def enriched_of(base_object: str) -> str:
    """The name under which the enriched records of a base object are stored."""
    return f"enriched/{base_object}"


def digest_of(*parts: object) -> str:
    """A short stable digest of values whose ``repr`` differs."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
