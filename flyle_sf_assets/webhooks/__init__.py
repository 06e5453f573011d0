"""Webhooks: notices and fleet alerts posted to one address of the operator's.

What does not belong here: the outbox itself (``store/tenants/webhook_outbox.py``) and the sensor
that sends (``defs/webhooks.py``).
"""
