"""One refresh of one tenant: begun, run step by step, ended; what it stands on and what it needs.

The steps lie in ``steps``, one file per asset; ``extract`` reads from Salesforce, ``load`` writes
companies, ``state`` says what is committed and what is stale. What does not belong here: when a
refresh is due (``tenants``, ``scheduling``), and Dagster (``defs``).
"""
