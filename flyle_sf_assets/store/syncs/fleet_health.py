"""All tenants at once: which fail, are late, have old rejected values, or are stale.

One query each, whatever the number of tenants.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from datetime import datetime

from flyle_sf_assets.store.postgres.database import FleetTransaction

_LIVE = "state NOT IN ('not_connected', 'disconnected')"
"""Links that must be refreshed."""


def live_tenants(tx: FleetTransaction) -> int:
    """The number of tenants that must be refreshed."""
    return int(tx.execute(f"SELECT count(*) FROM links WHERE {_LIVE}").scalar_one())


def failing_tenants(tx: FleetTransaction) -> tuple[str, ...]:
    """The tenants whose link fails."""
    return _names(tx, "SELECT tenant_id FROM links WHERE state = 'failing' ORDER BY 1")


def overdue_tenants(tx: FleetTransaction, before: datetime) -> tuple[str, ...]:
    """The tenants whose refresh was due before that time and has not run."""
    return _names(
        tx,
        f"SELECT tenant_id FROM links WHERE {_LIVE} AND next_due_at < :before ORDER BY 1",
        before=before,
    )


def tenants_with_rejected(tx: FleetTransaction, before: datetime) -> tuple[str, ...]:
    """The tenants with values that have been rejected since before that time."""
    return _names(
        tx,
        "SELECT DISTINCT r.tenant_id FROM rejected_records r JOIN links l USING (tenant_id)"
        f" WHERE r.resolved_at IS NULL AND r.first_seen_at < :before AND l.{_LIVE} ORDER BY 1",
        before=before,
    )


def stale_tenants(tx: FleetTransaction, unused_digest: str) -> tuple[str, ...]:
    """The synced tenants with an asset that has not consumed all of its inputs.

    Equal to ``stale_assets`` (``sync/state/staleness.py``) of each. ``unused_digest`` is
    that of a part which the settings do not use.
    """
    return _names(tx, _STALE, unused=unused_digest)


_STALE = f"""
WITH live AS MATERIALIZED (
    SELECT l.tenant_id, v.version, s.part_digests
    FROM links l
    JOIN (SELECT tenant_id, max(version) AS version FROM settings_versions GROUP BY 1) v
        USING (tenant_id)
    LEFT JOIN settings_changes s USING (tenant_id, version)
    WHERE l.{_LIVE} AND l.first_synced_at IS NOT NULL),
parts AS (
    SELECT tenant_id, p.key AS part, p.value AS digest
    FROM live CROSS JOIN LATERAL jsonb_each_text(part_digests) p),
readers (part, asset) AS (VALUES ('accounts', 'accounts'), ('opportunities', 'opportunities'),
    ('related_records', 'related_records'), ('companies', 'picklist_options'),
    ('companies', 'companies')),
following (asset) AS (VALUES ('enriched_records'), ('picklist_options'), ('companies'))
SELECT tenant_id FROM live WHERE part_digests IS NULL
UNION
SELECT p.tenant_id FROM parts p JOIN readers r USING (part)
LEFT JOIN consumed c ON c.tenant_id = p.tenant_id AND c.asset = r.asset
    AND c.input = 'link_settings/' || p.part
WHERE CASE WHEN c.digest IS NULL THEN p.digest <> :unused ELSE c.digest <> p.digest END
UNION
SELECT l.tenant_id FROM live l JOIN consumed c USING (tenant_id)
JOIN following USING (asset)
JOIN generations g ON g.tenant_id = c.tenant_id AND g.dataset = c.input
WHERE g.generation > c.generation
UNION
SELECT l.tenant_id FROM live l CROSS JOIN following a
WHERE NOT EXISTS (SELECT FROM consumed c WHERE c.tenant_id = l.tenant_id AND c.asset = a.asset)
ORDER BY 1
"""


def _names(tx: FleetTransaction, sql: str, **values: object) -> tuple[str, ...]:
    return tuple(str(row.tenant_id) for row in tx.execute(sql, **values))
