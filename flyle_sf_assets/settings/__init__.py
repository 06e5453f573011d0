"""What a tenant asked for: models, file loading with line numbers, versions and their diff.

What does not belong here: whether the org has these fields (``check``), how a condition is
written in SOQL (``salesforce/soql.py``) and where versions are kept (``store``). This package is
pure, except that it reads the settings files and the secrets they refer to.
"""
