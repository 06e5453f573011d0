"""Settings compared with an org: what fits and what does not, and what a change affects.

What does not belong here: reading settings files (``settings``), walking paths (``raw/plan.py``)
and the type table (``companies/types.py``). This package is pure.
"""
