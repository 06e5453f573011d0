"""What a settings version changes, computed when the version is first seen, and stored.

What does not belong here: computing differences and consequences (``settings``, ``check``)
and making versions (``registration.py``).
"""

import json
from datetime import datetime

from flyle_sf_assets.check.impact import Touched, companies_touched, read_again
from flyle_sf_assets.check.parts import affected_assets, part_digests
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change, diff, from_document
from flyle_sf_assets.store.companies.counts import companies_by_status
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.store.syncs.settings_in_effect import current_before
from flyle_sf_assets.store.tenants.settings_changes import (
    ChangeKind,
    SettingsChange,
    StoredChange,
    StoredRead,
    get_change,
    put_change,
)
from flyle_sf_assets.store.tenants.settings_versions import get_settings
from flyle_sf_assets.tenants.object_schemas import known_schemas


def noted_change(
    tx: TenantTransaction, version: int, now: datetime, *, kind: ChangeKind = "refresh"
) -> SettingsChange:
    """What that version changes against the one before it; computed and stored on first call.

    Versions that were refused changed nothing: they are passed over.
    """
    kept = get_change(tx, version)
    if kept is not None:
        return kept
    earlier, after = current_before(tx, version), settings_of(tx, version)
    before = None if earlier is None else settings_of(tx, earlier)
    if after is None:
        raise ValueError(f"{tx.tenant_id} has no settings version {version}")
    change = SettingsChange(
        version=version,
        changes=tuple(map(_stored, diff(before, after))) if before else (),
        affected_assets=affected_assets(before, after),
        affected_companies=_counted(tx, companies_touched(before, after)),
        read_again=tuple(
            StoredRead(one.object, one.columns, whole=one.whole)
            for one in read_again(before, after, known_schemas(read_schemas(tx)))
        ),
        part_digests=part_digests(after),
        recorded_at=now,
        kind=kind,
    )
    put_change(tx, change)
    return change


def settings_of(tx: TenantTransaction, version: int) -> TenantSettings | None:
    """The settings of that version, None when there is none."""
    kept = get_settings(tx, version)
    return None if kept is None else from_document(json.loads(kept.document))


def _stored(change: Change) -> StoredChange:
    return StoredChange(change.path, change.before, change.after, change.text.ja, change.text.en)


def _counted(tx: TenantTransaction, touched: Touched) -> int:
    by_status = companies_by_status(tx).get(tx.tenant_id, {})
    match touched:
        case Touched.NONE:
            return 0
        case Touched.LINKED:
            return by_status.get("linked", 0)
        case Touched.ALL:
            return sum(by_status.values())
