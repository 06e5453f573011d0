"""Why a record is or is not a company, and why a value differs: Salesforce is asked about it.

Changes nothing. What does not belong here: what settings would do (``preview``), and what changed
in a company (``store/companies/history.py``).
"""
