"""X16: all tenants in one pass over rows that are kept per tenant, whatever they hold."""

from datetime import UTC, datetime, timedelta

import pytest

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.syncs.api_usage import read_usage
from flyle_sf_assets.store.syncs.sync_totals import ended_syncs, sync_totals
from flyle_sf_assets.store.tenants.tenant_health import TenantRow, tenant_rows
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened
from flyle_sf_assets_tests.store.companies.buffers import Meter, metered

NOW = datetime(2026, 4, 1, tzinfo=UTC)

TENANTS = """
INSERT INTO flyle.settings_versions (tenant_id, version, digest, document, author, created_at)
SELECT 't' || n, v, 'd', jsonb_build_object('refresh', jsonb_build_object('every', v || 'h')), 'a',
    timestamptz '2026-03-01Z' + v * interval '1 day'
FROM generate_series(1, 300) AS n CROSS JOIN generate_series(1, 2) AS v;
INSERT INTO flyle.links (tenant_id, state, org_id, companies, rejected, last_synced_at, attention)
SELECT 't' || n, 'linked', 'org' || n, n, 1, timestamptz '2026-03-31Z', '[{"code": "x"}]'
FROM generate_series(1, 300) AS n;
INSERT INTO flyle.sync_totals SELECT 't' || n, 'refresh', 'done', 1, 1, 1, 1,
    array_fill(1, ARRAY[12]), array_fill(1, ARRAY[9]), array_fill(1, ARRAY[11])
FROM generate_series(1, 300) AS n;
"""

HOLDINGS = """
INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, created_at, updated_at,
    status_changed_at)
SELECT 't' || n % 300, 'c' || n, 'n', 'Account', now(), now(), now()
FROM generate_series(1, 9000) AS n;
INSERT INTO flyle.rejected_records (tenant_id, external_id, reason, remedy, first_seen_at,
    last_seen_at)
SELECT 't' || n % 300, 'c' || n, 'r', '', now(), now() FROM generate_series(1, 9000) AS n;
INSERT INTO flyle.syncs (tenant_id, kind, state, started_at, finished_at)
SELECT 't' || n % 300, 'refresh', 'done', '2026-01-01Z', '2026-01-01Z'
FROM generate_series(1, 9000) AS n;
"""
"""What the tenants have; their syncs are of a time long ago."""


def measured(database: Database) -> Meter:
    """What the asset and the metrics read."""
    with database.fleet() as tx, metered(tx) as meter:
        assert len(tenant_rows(tx)) == 300
        read_usage(tx, [f"t{n}" for n in range(1, 301)], NOW)
        ended_syncs(tx, NOW - timedelta(days=1))
        sync_totals(tx)
    return meter


@pytest.mark.parametrize("is_analysed", [False, True])
def test_the_cost_depends_on_tenants_and_not_on_what_they_hold(*, is_analysed: bool) -> None:
    """Counted in buffers: 9,000 companies, rejected values and old syncs add next to none."""
    with fresh_database_url() as url, opened(url) as database, admin(url) as connection:
        connection.execute(TENANTS.encode())
        before = measured(database)
        connection.execute(HOLDINGS.encode())
        if is_analysed:
            connection.execute("VACUUM ANALYZE")
        after = measured(database)
        touched = {name for one in after.statements for name in one.buffers}
    assert not {name for name in touched if "compan" in name or "rejected" in name}
    assert "syncs" not in touched
    assert before.total < 20 * 300
    # A new index has one more level, and its first page is looked for again.
    assert after.total <= before.total + 50, after.worst


def test_a_row_says_what_the_link_and_its_items_say(database: Database) -> None:
    """Times are the later ones; the item that ends the sync is told apart from the others."""
    with database.tenant("acme") as tx, tx.cursor() as cursor:
        cursor.execute(
            b"INSERT INTO flyle.settings_versions VALUES"
            b" ('acme', 1, 'd', '{\"refresh\": {\"every\": \"3h\"}}', 'a', '2026-03-01Z'),"
            b" ('acme', 2, 'e', '{\"refresh\": {\"every\": \"9h\"}}', 'a', '2026-03-02Z')"
        )
        cursor.execute(
            b"INSERT INTO flyle.settings_refusals (tenant_id, version, problems, refused_at,"
            b" compared_at) VALUES ('acme', 2, '[]', now(), now())"
        )
        cursor.execute(
            b"INSERT INTO flyle.links (tenant_id, state, companies, rejected, attention) VALUES"
            b" ('acme', 'failing', 7, 2, '[{\"code\": \"settings_not_applied\"},"
            b' {"code": "org_busy", "of_sync": true, "since": "2026-03-30T00:00:00Z"}]\')'
        )
    with database.fleet() as fleet:
        [found] = tenant_rows(fleet)
    assert found == TenantRow(
        tenant_id="acme",
        state="failing",
        every="3h",
        waiting_since=datetime(2026, 3, 1, tzinfo=UTC),
        companies=7,
        rejected=2,
        codes=("org_busy", "settings_not_applied"),
        failure="org_busy",
        failing_since=datetime(2026, 3, 30, tzinfo=UTC),
    )
