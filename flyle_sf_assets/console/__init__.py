"""The administrator's pages: connect, choose, map, preview, confirm, watch, disconnect.

A page loads what it shows in one short transaction; parts that ask Salesforce are loaded
afterwards. What does not belong here: what the pages decide or do (``tenants``, ``connection``,
``preview``), SQL (``store``), and starting the server (``cli``).
"""
