"""The company rows: writing, counting, search, history, custom fields and picklist options.

What does not belong here: how a row comes about (``flyle_sf_assets/companies``).
"""
