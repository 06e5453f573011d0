"""No statement of a sync depends on luck: buffers and rows of each, on a database never analysed.

Beside 50 other tenants, one of many companies. The statements are those that the product runs, with
the plans that they have there; what is done to single tables is in ``store/companies``.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.previews import foretold
from flyle_sf_assets_tests.flows.tenants import settings_of
from flyle_sf_assets_tests.flows.wide import MAPPING, change_some, wide_tenant
from flyle_sf_assets_tests.store.postgres.ran import Ran, statements_run

FEW, MANY = 4_000, 200_000
CHANGED = 12
"""Companies of a refresh with few changes: among them new, changed and deleted ones."""

BUFFERS_A_ROW = 10
"""A place in three indexes of three levels, and the row."""

SMALL = 60
"""Buffers of a statement over the few rows of a tenant's link, settings and manifests."""

ROWS_MAX = SMALL + 10 * CHANGED
"""Rows that a statement of such a refresh may read: those of each changed company's history too."""

Life = dict[str, Sequence[Ran]]
"""What each part of a tenant's life ran, by its name."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Life:
    """That of a tenant with some thousand companies: its parts are not noticed beside them."""
    return _life(tmp_path_factory.mktemp("home"), server, FEW)


def _life(home: Path, server: SandboxServer, companies: int) -> Life:
    """A first sync, an idle check, a refresh with few changes, a census, and a preview."""
    life: Life = {}
    with wide_tenant(home, server, companies) as tenant:
        with statements_run() as life["first sync"]:
            tenant.sync()
        tenant.later()
        with statements_run() as life["idle check"]:
            assert check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle
        change_some(tenant, CHANGED)
        with statements_run() as life["refresh"]:
            tenant.sync()
        tenant.later()
        with statements_run() as life["census"]:
            tenant.sync(kind="census")
        # The new type is compared in every company.
        retyped = MAPPING[0].replace("label", "type: text, label")
        with statements_run() as life["preview"]:
            foretold(tenant, settings_of(tenant.name, "{object: Account}", [retyped, *MAPPING[1:]]))
    return life


@pytest.mark.parametrize("part", ["first sync", "idle check", "refresh", "census", "preview"])
def test_no_statement_reads_more_buffers_than_its_rows_need(life: Life, part: str) -> None:
    """A plan that the planner chose for an empty table reads hundreds a row."""
    found = [one for one in life[part] if _is_costly(one)]
    assert life[part]
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("part", ["idle check", "refresh"])
def test_a_refresh_with_few_changes_walks_no_tenant(life: Life, part: str) -> None:
    """Not its own either, for a count or a check: the work follows the change."""
    found = [one for one in life[part] if one.stored_rows > ROWS_MAX]
    assert not found, "\n".join(map(str, found))


def test_both_hold_for_two_hundred_thousand_companies(
    tmp_path: Path, server: SandboxServer
) -> None:
    """Batches follow one another there, and tables have more levels than the planner knows."""
    life = _life(tmp_path, server, MANY)
    found = [one for ran in life.values() for one in ran if _is_costly(one)]
    found += [
        one
        for part in ("idle check", "refresh")
        for one in life[part]
        if one.stored_rows > ROWS_MAX
    ]
    assert not found, "\n".join(map(str, found))


def _is_costly(one: Ran) -> bool:
    """ANALYZE of a temporary table reads its pages once, and counts no rows."""
    is_sampling = one.statement.startswith("ANALYZE pg_temp.")
    return not is_sampling and one.total > SMALL + BUFFERS_A_ROW * one.rows
