"""Reading the datasets of a tenant from its org: whole, by window, by reference, by comparison.

What does not belong here: what to read (``raw``), and how Salesforce is asked (``salesforce``).
"""
