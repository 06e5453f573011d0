"""The work of a full sync, of 1 % changed and of an idle check must not grow unnoticed.

Counts do not depend on the machine, so the limits are a little above what was counted. A change
that needs more raises the limit, and says why; one that needs less lowers it.
"""

import pytest

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.wide import change_some, wide_tenant
from flyle_sf_assets_tests.flows.work import Work, work_of

ACCOUNTS = 10_000
LIMITS = {
    "full sync": Work(calls=8, answer_bytes=270_000, statements=200, buffers=152_000, turns=1_500),
    "idle check": Work(calls=1, answer_bytes=900, statements=13, buffers=38, turns=250),
    "1 % changed": Work(calls=4, answer_bytes=150_000, statements=174, buffers=3_950, turns=1_500),
}
"""Answers are compressed. The busiest line of Python reads the fields of a describe."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> dict[str, Work]:
    """What each of them took, by its name."""
    done: dict[str, Work] = {}
    with wide_tenant(tmp_path_factory.mktemp("home"), server, ACCOUNTS) as tenant:
        with work_of(tenant) as done["full sync"]:
            tenant.sync()
        tenant.later()
        with work_of(tenant) as done["idle check"]:
            assert check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle
        change_some(tenant, ACCOUNTS // 100)
        with work_of(tenant) as done["1 % changed"]:
            tenant.sync()
    return done


@pytest.mark.parametrize("part", LIMITS)
def test_the_work_stays_within_its_limit(done: dict[str, Work], part: str) -> None:
    assert not done[part].above(LIMITS[part])


def test_no_limit_lets_rows_through_a_loop() -> None:
    """One runs a line once a row, and the busiest line of the product runs less often."""
    turns = {part: limit.turns for part, limit in LIMITS.items()}
    assert max(turns.values()) < ACCOUNTS / 2, turns
