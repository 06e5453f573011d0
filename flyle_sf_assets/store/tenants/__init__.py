"""What is kept of a tenant: its link, credentials, settings versions, drafts and console sessions.

What does not belong here: what was read for it (``syncs``) and its companies (``companies``).
"""
