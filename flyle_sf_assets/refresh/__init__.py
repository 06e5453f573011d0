"""One refresh of one tenant, step by step: read, decide, commit.

A step is what an asset does, without Dagster: it loads what its inputs committed, lets the pure
rooms decide, writes immutable files, and commits manifest, watermark and what it consumed in one
transaction. Tests drive the steps directly; ``defs`` gives them their names in Dagster.

What does not belong here: rules of what to read (``raw``), what a join or a value means
(``enriched``, ``companies``), SQL (``store``) and anything of Dagster (``defs``).
"""
