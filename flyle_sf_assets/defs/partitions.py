"""One partition per tenant; tenants are added and removed at run time.

What does not belong here: deciding which tenants there are (``tenants/registration.py``).
"""

from dagster import DynamicPartitionsDefinition

TENANT_PARTITIONS = "tenant"

tenants = DynamicPartitionsDefinition(name=TENANT_PARTITIONS)
