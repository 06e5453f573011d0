"""Dagster's names for the steps: partitions, resources, assets, checks, jobs.

What does not belong here: anything that a step does (``sync``) or decides (``raw``,
``enriched``, ``options``, ``companies``). An asset body here runs its step and shows the report.
"""
