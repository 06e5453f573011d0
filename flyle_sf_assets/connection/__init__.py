"""Connecting a tenant to its org, by consent or headless, and disconnecting it.

What does not belong here: asking for tokens (``salesforce``), and opening an org that is connected
(``installation/tenant_org.py``).
"""
