"""Describe's objects, fields and picklists as values, and whether a describe is plausible.

What does not belong here: asking (``salesforce/describe.py``).
"""
