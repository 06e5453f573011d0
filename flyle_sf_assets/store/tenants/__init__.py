"""Stored data of a tenant: link, credentials, settings versions, drafts and console sessions.

What does not belong here: what was read for it (``syncs``) and its companies (``companies``).
"""
