"""One file per asset: what its step loads, lets decide, and commits.

What does not belong here: opening and closing a refresh (``sync/session.py``).
"""
