"""What the product logs: structured logs, and how secrets are kept out of them.

What does not belong here: metadata of assets (``defs``) and messages for administrators
(``errors``).
"""
