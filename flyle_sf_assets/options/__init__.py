"""Picklist options: updated when Salesforce changes them, never deleted.

What does not belong here: turning a record's value into a company's value (``companies``),
asking describe (``salesforce``) and keeping the catalog (``store``). This package is pure.
"""
