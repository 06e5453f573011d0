"""One refresh of one tenant, step by step: read, decide, commit.

A step is what an asset does, without Dagster: it loads what its inputs committed, lets the pure
packages decide, writes immutable files, and commits manifest, watermark and what it consumed in one
transaction. ``session.py`` begins and ends a refresh, ``steps`` has one file per asset, ``extract``
reads from Salesforce, ``load`` writes companies, ``state`` says what is committed and stale.

What does not belong here: rules of what to read (``raw``), what a join or a value means
(``enriched``, ``companies``), SQL (``store``), when a refresh is due (``tenants``, ``scheduling``)
and anything of Dagster (``defs``).
"""
