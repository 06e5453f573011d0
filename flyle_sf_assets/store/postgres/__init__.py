"""PostgreSQL itself: URLs, connections, the embedded server, staging tables, driver errors.

What does not belong here: what the tables mean (``companies``, ``tenants``, ``syncs``).
"""
