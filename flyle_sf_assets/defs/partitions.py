"""One partition per tenant; tenants are added and removed at run time."""

from dagster import DynamicPartitionsDefinition

TENANT_PARTITIONS = "tenant"

tenants = DynamicPartitionsDefinition(name=TENANT_PARTITIONS)
