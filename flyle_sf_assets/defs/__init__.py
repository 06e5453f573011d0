"""Dagster's names for the steps: partitions, resources, assets, checks, jobs.

What does not belong here: anything that a step does (``sync``) or decides (``raw``,
``enriched``, ``options``, ``companies``). An asset body here runs its step and shows the report.
"""

from flyle_sf_assets import garbage

# Before the modules of this package are loaded, in every process that Dagster starts.
garbage.begin_loading()
