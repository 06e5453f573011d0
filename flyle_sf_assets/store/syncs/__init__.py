"""Stored data of refreshes: syncs, generations, object schemas, progress, schedule inputs.

What does not belong here: deciding what a refresh does (``flyle_sf_assets/sync``).
"""
