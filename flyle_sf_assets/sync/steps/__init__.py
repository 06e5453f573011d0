"""One file per asset: what its step reads, which packages decide, and what it commits.

What does not belong here: opening and closing a refresh (``sync/session.py``).
"""
