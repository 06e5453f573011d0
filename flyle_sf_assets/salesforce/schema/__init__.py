"""What describe says of objects, fields and picklists, as values, and whether it can be true.

What does not belong here: asking (``salesforce/describe.py``).
"""
