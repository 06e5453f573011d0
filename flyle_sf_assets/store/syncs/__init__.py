"""What is kept of refreshes: syncs, generations, object schemas, progress, the schedule's inputs.

What does not belong here: deciding what a refresh does (``flyle_sf_assets/sync``).
"""
