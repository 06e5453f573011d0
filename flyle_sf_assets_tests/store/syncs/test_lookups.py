"""Look-ups of a few rows whose cost does not grow with the rows that they do not want.

What does not belong here: the same of companies (``store/companies/test_buffers.py``).
"""

import pytest

from flyle_sf_assets.store.postgres.database import Database, FleetTransaction
from flyle_sf_assets.store.syncs.api_usage import most_calls_lately
from flyle_sf_assets.store.tenants.settings_versions import versions_saved_by
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.store.companies.buffers import metered

BUFFERS_MAX = 40
"""A few pages of an index, and those of the catalog; reading all rows takes hundreds."""

SYNCS = b"""
INSERT INTO flyle.syncs (tenant_id, kind, state, started_at, finished_at,
    api_calls)
SELECT tenant, CASE WHEN n = 1 THEN 'census' ELSE 'refresh' END,
    CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'done' END, now(), now(), n
FROM generate_series(1, 5000) AS n CROSS JOIN (VALUES ('aaa'), ('acme')) AS of (tenant)
"""
VERSIONS = b"""
INSERT INTO flyle.settings_versions (tenant_id, version, digest, document, author, created_at)
SELECT 'tenant-' || n % 100, n, 'd', json_build_object('n', n), 'person ' || n % 500, now()
FROM generate_series(1, 5000) AS n
"""


@pytest.fixture
def fleet(database: Database, database_url: str) -> Database:
    """Thousands of syncs and of settings versions, of several tenants and authors."""
    with admin(database_url) as connection:
        connection.execute(SYNCS)
        connection.execute(VERSIONS)
    with admin(database_url) as connection:
        connection.autocommit = True
        connection.execute("ANALYZE flyle.syncs, flyle.settings_versions")
    return database


def _buffers(tx: FleetTransaction, kind: str) -> int:
    with metered(tx) as meter:
        if kind == "author":
            assert len(versions_saved_by(tx, "person 7")) == 1
        else:
            most_calls_lately(tx, "acme", "census" if kind == "census" else "full")
    return meter.total


@pytest.mark.parametrize("asked", ["census", "full", "author"])
def test_a_look_up_reads_what_it_returns(fleet: Database, asked: str) -> None:
    """A forecast before each sync looks for the last censuses among thousands of refreshes."""
    with fleet.fleet() as tx:
        assert _buffers(tx, asked) <= BUFFERS_MAX


def test_the_forecast_is_of_the_last_complete_syncs_of_its_kind(fleet: Database) -> None:
    with fleet.fleet() as tx:
        assert most_calls_lately(tx, "acme", "refresh") == 4_999
        assert most_calls_lately(tx, "acme", "census") == 1
        assert most_calls_lately(tx, "acme", "full") is None
