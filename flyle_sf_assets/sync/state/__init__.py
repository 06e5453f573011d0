"""What is committed of a tenant's assets, what is stale, and where a value comes from.

What does not belong here: the tables (``store/syncs``).
"""
