"""What failures leave on the link: how long it waits, when it stops, who is told, what ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from flyle_sf_assets.errors import (
    FlyleError,
    HeldForApproval,
    IncompleteRead,
    NotConnected,
    NotPermitted,
    ObjectRefused,
    OrgUnavailable,
    StoreError,
    Text,
)
from flyle_sf_assets.store.syncs.syncs import latest_syncs, open_sync
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.store.tenants.notices import list_notices
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.sync.state.committed_state import not_materialized
from flyle_sf_assets.tenants.backoff import (
    Attempt,
    LostRun,
    back_off,
    record_failure,
    record_lost_run,
    stops,
)
from flyle_sf_assets_tests.flows.tenants import Tenant

MINUTE = timedelta(minutes=1)
ATTEMPT = Attempt(1, timedelta(hours=3), "Asia/Tokyo", "help@example.jp")


def _error(kind: type[FlyleError]) -> FlyleError:
    text = Text("試しました", "Tried it")
    return kind(
        "some_code", tried=text, came_back=Text.quoted("no"), remedy=Text("直す", "Mend it")
    )


def _link(tenant: Tenant) -> Link:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return get_link(tx)


def _told(tenant: Tenant) -> list[str]:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return [notice.kind for notice in list_notices(tx)]


@contextmanager
def _opened(
    tenant: Tenant, run_id: str | None = None, *, is_retry: bool = False
) -> Iterator[Refresh]:
    with open_refresh(
        tenant.installation,
        tenant.name,
        run_id=run_id,
        is_retry=is_retry,
        clock=tenant.clock.now,
    ) as refresh:
        yield refresh


def _fail(tenant: Tenant, error: BaseException, *, is_retry: bool = False) -> Link:
    with pytest.raises(type(error)), _opened(tenant, is_retry=is_retry):
        raise error
    return _link(tenant)


def test_waits_grow_from_five_minutes_to_six_hours() -> None:
    """A night's maintenance is asked a dozen times, not a thousand."""
    waits = [back_off(failures) / MINUTE for failures in (1, 2, 3, 7, 8, 9, 1_000)]
    assert waits == [5, 10, 20, 320, 360, 360, 360]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (NotPermitted, True),
        (NotConnected, True),
        (ObjectRefused, True),
        (OrgUnavailable, False),
        (IncompleteRead, False),
        (StoreError, False),
        (HeldForApproval, False),
    ],
)
def test_only_what_a_person_must_mend_for_this_tenant_stops_it(
    kind: type[FlyleError], *, expected: bool
) -> None:
    """A full disk stopped every tenant until somebody had run each of them by hand."""
    assert stops(_error(kind)) is expected


def test_a_refused_login_in_words_that_are_not_known_is_tried_again_before_it_stops(
    acme: Tenant,
) -> None:
    """In another language "already being processed" looks like a revoked consent, and is none."""
    unclear = _error(NotConnected)
    unclear.code = "grant_unclear"
    waits = [_fail(acme, unclear).retry_at for _ in range(4)]
    now = acme.clock.now()
    assert waits == [now + 5 * MINUTE, now + 10 * MINUTE, now + 20 * MINUTE, None]
    link = _link(acme)
    assert (link.state, link.stopped_version) == ("failing", 1)
    assert _told(acme) == ["attention"]
    acme.sync()
    assert (_link(acme).state, _link(acme).attention) == ("linked", ())


def test_an_asset_that_a_person_materialized_too_early_stops_nobody() -> None:
    """One click in the UI must not take a tenant out of the schedule."""
    assert not stops(not_materialized("acme", "salesforce/accounts"))


def test_a_failure_that_may_pass_says_when_it_is_tried_again(acme: Tenant) -> None:
    """The link says what failed; nobody is called out of bed for it."""
    link = _fail(acme, _error(IncompleteRead))
    assert (link.state, link.failures) == ("failing", 1)
    assert link.retry_at == acme.clock.now() + 5 * MINUTE
    assert [item.code for item in link.attention] == ["some_code"]
    assert _told(acme) == []
    assert _fail(acme, _error(IncompleteRead)).retry_at == acme.clock.now() + 10 * MINUTE


def test_dagsters_retry_of_the_same_run_counts_once(acme: Tenant) -> None:
    """Three runs within a minute are one failure, not a wait of twenty minutes."""
    for is_retry in (False, True, True):
        link = _fail(acme, _error(IncompleteRead), is_retry=is_retry)
        assert (link.failures, link.retry_at) == (1, acme.clock.now() + 5 * MINUTE)


def test_a_failure_for_good_is_told_once_also_after_one_that_might_have_passed(
    acme: Tenant,
) -> None:
    """The administrator was told nothing, because the link was failing already."""
    _fail(acme, _error(IncompleteRead))
    for _ in range(3):
        link = _fail(acme, _error(NotConnected))
        assert (link.retry_at, link.stopped_version) == (None, 1)
    assert _told(acme) == ["attention"]
    acme.sync()
    link = _link(acme)
    assert (link.state, link.failures, link.stopped_version) == ("linked", 0, None)
    assert link.attention == ()
    assert sorted(_told(acme)) == ["attention", "first_sync_done", "recovered"]
    _fail(acme, _error(NotConnected))
    assert _told(acme).count("attention") == 2


def test_another_reason_takes_the_place_of_the_one_before(acme: Tenant) -> None:
    """Two reasons beside each other leave open which of them holds; the attention of 0.1.0 too."""
    _fail(acme, _error(IncompleteRead))
    acme.query(
        """UPDATE flyle.links
        SET attention = jsonb_set(attention, '{0,code}', '"sync_failed"') #- '{0,of_sync}'
        WHERE tenant_id = %s RETURNING 1"""
    )
    link = _fail(acme, MemoryError())
    assert [item.code for item in link.attention] == ["out_of_memory"]
    assert _fail(acme, MemoryError()).attention[0].since == link.attention[0].since
    acme.sync()
    assert _link(acme).attention == ()


def test_a_bug_is_said_too_and_tried_again(acme: Tenant) -> None:
    """A link stood as linked for days while every run ended in a TypeError."""
    link = _fail(acme, TypeError("a bug with a token in its text"))
    assert (link.state, link.failures, link.stopped_version) == ("failing", 1, None)
    (item,) = link.attention
    assert "TypeError" in item.message.en
    assert "a token" not in item.message.en + item.message.ja
    (error,) = acme.query("SELECT error FROM flyle.syncs WHERE tenant_id = %s")[0]
    assert str(error).startswith("[unforeseen]")
    assert "a token" not in str(error)
    assert item.code == "unforeseen"
    assert str(error).partition("(inc-")[2][:12] in item.message.en


def test_an_interrupted_run_is_no_failure_and_comes_again_soon(acme: Tenant) -> None:
    """Ctrl-C in a terminal, and the daemon's end, say nothing about the tenant."""
    acme.sync()
    link = _fail(acme, KeyboardInterrupt())
    assert (link.state, link.failures, link.attention) == ("linked", 0, ())
    assert link.retry_at == acme.clock.now() + 5 * MINUTE
    acme.sync()
    assert _link(acme).retry_at is None


def _lost(tenant: Tenant, run_id: str = "run-1") -> LostRun:
    return LostRun(tenant.name, run_id, tenant.clock.now(), "the process ended (signal 9)")


def _record(lost: LostRun, tenant: Tenant) -> bool:
    return record_lost_run(tenant.installation, lost, clock=tenant.clock.now)


def _abandon(tenant: Tenant, run_id: str) -> None:
    """A run that dies with its sync open, as a killed process leaves it."""
    with tenant.installation.database.tenant(tenant.name) as tx:
        open_sync(tx, "refresh", run_id, tenant.clock.now())


def test_a_run_that_died_is_told_to_the_link_once(acme: Tenant) -> None:
    """Nobody was there to write down why: the row stood as running for ever."""
    _abandon(acme, "run-1")
    assert _record(_lost(acme), acme)
    link = _link(acme)
    assert (link.state, link.failures) == ("failing", 1)
    assert link.retry_at == acme.clock.now() + 5 * MINUTE
    with acme.installation.database.tenant("acme") as tx:
        (sync,) = latest_syncs(tx)
    assert sync.state == "failed"
    assert "signal 9" in str(sync.error)
    assert not _record(_lost(acme), acme)
    assert _link(acme).failures == 1


def test_a_run_that_died_before_its_sync_began_is_told_too(acme: Tenant) -> None:
    """A code location that cannot start runs leaves no row at all."""
    assert _record(_lost(acme), acme)
    assert _link(acme).failures == 1
    assert _record(replace(_lost(acme), run_id="run-2", is_retry=True), acme)
    assert _link(acme).failures == 1


def test_a_failure_that_was_told_or_is_over_is_not_told_again(acme: Tenant) -> None:
    """Dagster's sensor comes after seconds: the retry may be done by then."""
    with pytest.raises(IncompleteRead), _opened(acme, "run-1"):
        raise _error(IncompleteRead)
    assert not _record(_lost(acme), acme)
    before = _lost(acme, "run-0")
    acme.later(60)
    acme.sync()
    assert not _record(before, acme)
    assert (_link(acme).state, _link(acme).failures) == ("linked", 0)


def test_while_somebody_works_on_the_tenant_a_lost_run_is_left_to_it(acme: Tenant) -> None:
    """The retry closes what the run before it left open."""
    _abandon(acme, "run-1")
    with _opened(acme, "run-2"):
        assert not _record(_lost(acme), acme)
    assert _link(acme).failures == 0


def test_a_tenant_without_settings_gets_no_link_from_a_lost_run(acme: Tenant) -> None:
    """A run that a person started for a name that nobody has."""
    assert not record_lost_run(acme.installation, replace(_lost(acme), tenant="nobody"))
    with acme.installation.database.fleet() as tx:
        found = tx.execute("SELECT count(*) FROM links WHERE tenant_id = 'nobody'").scalar_one()
    assert found == 0


def test_a_secret_in_dagsters_message_does_not_reach_the_link(acme: Tenant) -> None:
    """Engine events quote command lines and tracebacks."""
    secret = "00D5g000004XyZ9!AQEAQHdeadbeef.1234567890"
    _abandon(acme, "run-1")
    assert _record(replace(_lost(acme), message=f"failed with {secret}"), acme)
    with acme.installation.database.tenant("acme") as tx:
        assert secret not in str(latest_syncs(tx)[0].error)
        assert secret not in str(get_link(tx))


def test_what_failed_stays_with_its_own_tenant(acme: Tenant, globex: Tenant) -> None:
    """One transaction is one tenant's."""
    with acme.installation.database.tenant("acme") as tx:
        record_failure(tx, _error(NotConnected), acme.clock.now(), ATTEMPT)
    assert _link(globex) == replace(_link(globex), failures=0, attention=())
    assert _link(acme).stopped_version == 1


def test_a_key_that_is_unknown_at_first_is_tried_again_before_it_stops(acme: Tenant) -> None:
    """An app answers ten minutes after it was made; nobody would have tried it again."""
    text = Text("試しました", "Tried it")
    unknown = NotConnected("app_unknown", tried=text, came_back=Text.quoted("no"), remedy=text)
    stopped = []
    for _ in range(4):
        with acme.installation.database.tenant("acme") as tx:
            record_failure(tx, unknown, acme.clock.now(), ATTEMPT)
        stopped.append(_link(acme).stopped_version)
    assert stopped == [None, None, None, 1]
