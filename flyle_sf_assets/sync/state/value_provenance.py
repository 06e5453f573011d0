"""Where each custom field's value comes from: object, field, path to its record, when it was read.

What does not belong here: showing it (``console``), and the map that Dagster shows
(``companies/field_map.py``).
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flyle_sf_assets.enriched.join import PARENT_ID
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.salesforce.ids import is_record_id
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import read_generation, read_generations
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.sync.state.asset_names import enriched_of
from flyle_sf_assets.sync.state.lost_files import readable
from flyle_sf_assets.tenants.object_schemas import known_schemas


@dataclass(frozen=True, slots=True)
class Origin:
    """One mapping's source. ``relationships`` lead to its record, none for the base record.

    ``read_at`` is Salesforce's clock up to which that object was read; None before the first time.
    ``object`` is empty while the field cannot be read.
    """

    source_path: str
    relationships: tuple[str, ...]
    object: str
    object_label: str
    field: str
    field_label: str
    read_at: datetime | None

    @property
    def is_base(self) -> bool:
        """Whether it is a field of the company's own record."""
        return not self.relationships


def origins(tx: TenantTransaction, settings: TenantSettings) -> dict[str, Origin]:
    """By the mapping's ``to``, in the order of the settings."""
    schemas = known_schemas(read_schemas(tx))
    made = plan(settings, schemas)
    read_at = {name: one.watermark for name, one in read_generations(tx).items()}
    found: dict[str, Origin] = {}
    for mapping in settings.mapping:
        leaf = made.leaves.get(mapping.from_)
        nodes = [target.node for target in leaf.sources] if leaf else []
        read = [read_at.get(node.dataset) for node in nodes]
        found[mapping.to] = Origin(
            source_path=mapping.from_,
            relationships=leaf.node.relationships if leaf else tuple(mapping.from_.split(".")[:-1]),
            object=leaf.node.object if leaf else "",
            object_label=" / ".join(_label(schemas.get(node.object)) for node in nodes),
            field=leaf.field.name if leaf else mapping.from_.rpartition(".")[2],
            field_label=leaf.field.label if leaf else "",
            read_at=min((moment for moment in read if moment), default=None),
        )
    return found


def _label(schema: ObjectSchema | None) -> str:
    return "" if schema is None else schema.label


def parent_ids(
    installation: Installation, tenant: str, base_object: str, external_id: str
) -> dict[tuple[str, ...], str]:
    """The ids of the records that a company's values came from, by the relationships to them.

    Empty before the first sync, for a company without a stored record, and while the file that
    contains it is damaged.
    """
    with installation.database.tenant(tenant) as tx:
        kept = read_generation(tx, enriched_of(base_object))
    current = {} if kept is None else readable(installation.lake, {kept.dataset: kept})
    manifests = [Manifest.held(one.manifest) for one in current.values()]
    if not manifests or manifests[0] is None:
        return {}
    frame = installation.lake.read(manifests[0])
    row = frame.filter(pl.col("Id") == external_id).collect()
    if row.is_empty():
        return {}
    return {
        _relationships(name.removeprefix(PARENT_ID)): str(value)
        for name, value in row.row(0, named=True).items()
        # An earlier version stored impossible ids, which stay until the next refresh checks them.
        if name.startswith(PARENT_ID) and value and is_record_id(str(value))
    }


def _relationships(path: str) -> tuple[str, ...]:
    """A node's path without the object where a lookup has several targets: it has only one here."""
    return tuple(step.partition(":")[0] for step in path.split("."))
