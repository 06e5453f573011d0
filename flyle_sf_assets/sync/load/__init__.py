"""Company rows converted, checked and written, in the transaction of the step that asks.

What does not belong here: how a row is converted (``companies``), and SQL (``store/companies``).
"""
