"""Which tenants have something to do: polling, pending runs, and what is cleaned up at night.

It knows no Dagster. What does not belong here: when one tenant is due (``tenants/due_times.py``).
"""
