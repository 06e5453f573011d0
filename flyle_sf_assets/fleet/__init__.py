"""How all tenants stand, and who is told: figures, alerts, and webhooks to the operator's address.

What does not belong here: the asset and the metrics made of the figures (``defs/fleet_health.py``,
``console/pages/metrics.py``), the outbox (``store/tenants/webhook_outbox.py``) and the sensor that
sends (``defs/webhooks.py``).
"""
