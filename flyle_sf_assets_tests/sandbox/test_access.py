"""Keys, tokens and the allowance."""

import pytest
from flyle_sf_assets.sandbox.access import TokenDenied
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal


def test_a_new_key_is_unknown_for_ten_minutes(org: Org, clock: ManualClock) -> None:
    """S1: the page says to wait."""
    org.new_consumer_key("new-key", "new-secret")
    with pytest.raises(TokenDenied, match="invalid_client_id"):
        org.check_client("new-secret")
    clock.advance(600)
    org.check_client("new-secret")


def test_a_session_ends(org: Org, clock: ManualClock) -> None:
    """Two hours without anybody doing anything."""
    token = org.issue_access_token()
    assert org.user_of(token) == org.connected_user_id
    clock.advance(7200)
    with pytest.raises(Refusal, match="INVALID_SESSION_ID"):
        org.user_of(token)


def test_a_rotated_refresh_token_used_again_revokes_everything(org: Org) -> None:
    """Two processes with one token: the loser locks both out."""
    org.rotates_refresh_tokens = True
    old = org.issue_refresh_token()
    access, new = org.refresh(old)
    assert new is not None
    with pytest.raises(TokenDenied, match="invalid_grant"):
        org.refresh(old)
    with pytest.raises(TokenDenied, match="invalid_grant"):
        org.refresh(new)
    with pytest.raises(Refusal):
        org.user_of(access)


def test_a_deactivated_user_has_no_sessions(org: Org) -> None:
    """inactive_user at the token endpoint, 401 for what was issued before."""
    token = org.issue_access_token()
    org.deactivate_user()
    with pytest.raises(Refusal):
        org.user_of(token)
    with pytest.raises(TokenDenied, match="inactive_user"):
        org.check_user(org.connected_user_id)


def test_the_allowance_rolls_over_24_hours(org: Org, clock: ManualClock) -> None:
    """It is no calendar day: requests come back a day after they were made."""
    org.set_api_limit(2)
    org.count_call("query")
    clock.advance(3600)
    org.count_call("query")
    with pytest.raises(Refusal, match="REQUEST_LIMIT_EXCEEDED"):
        org.count_call("query")
    clock.advance(23 * 3600)
    org.count_call("query")
    assert org.usage.used(org.now()) == 2


def test_the_same_calls_give_the_same_ids_and_tokens(clock: ManualClock) -> None:
    """A failing run can be played again."""

    def made() -> tuple[str, str, str]:
        org = Org("x", consumer_key="k", consumer_secret="s", clock=clock)
        return org.insert("Account", {"Name": "A"}), org.issue_access_token(), org.org_id

    assert made() == made()
