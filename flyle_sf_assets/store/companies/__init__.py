"""The company rows: written, counted, searched, their history, custom fields and picklist options.

What does not belong here: how a row comes about (``flyle_sf_assets/companies``).
"""
