"""X18: the sensor that posts, over tenants that were really synced."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from dagster import DagsterInstance, SkipReason, build_sensor_context

from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.defs.webhooks import webhooks
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets_tests.fleet.receiver import SECRET, Receiver
from flyle_sf_assets_tests.flows.tenants import Tenant


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The receiver that the environment names."""
    with Receiver() as started:
        monkeypatch.setenv("FLYLE_WEBHOOK_URL", started.url)
        monkeypatch.setenv("FLYLE_WEBHOOK_SECRET", SECRET)
        yield started


def tick(tenant: Tenant, instance: DagsterInstance, cursor: str | None = None) -> tuple[str, str]:
    """What one tick says, and its cursor."""
    resource = refreshes_of(lambda: nullcontext(tenant.installation), clock=tenant.clock.now)
    with build_sensor_context(
        instance=instance, cursor=cursor, resources={"refreshes": resource}
    ) as context:
        answer = webhooks(context)
        assert isinstance(answer, SkipReason)
        return str(answer.skip_message), str(context.cursor)


def test_a_first_sync_is_posted_once(
    acme: Tenant, instance: DagsterInstance, receiver: Receiver
) -> None:
    """「連携が完了しました」 with the number of companies, and none of their names."""
    acme.sync()
    said, cursor = tick(acme, instance)
    assert said == "1 posted, 0 failed, 0 waiting"
    assert tick(acme, instance, cursor)[0] == "0 posted, 0 failed, 0 waiting"
    [post] = receiver.posts
    assert post.is_signed_by(SECRET)
    companies = acme.companies()
    linked = [one for one in companies.values() if one.status == "linked"]
    assert post.document["data"]["companies"] == len(linked)
    assert (post.document["kind"], post.document["tenant"]) == ("first_sync_done", "acme")
    for one in companies.values():
        assert one.name not in post.body.decode()


def test_the_fleet_is_looked_at_every_ten_minutes(
    acme: Tenant, instance: DagsterInstance, receiver: Receiver
) -> None:
    """A tenant that is late by a day becomes an alert, as it is half of the fleet or more."""
    acme.sync()
    _, cursor = tick(acme, instance)
    acme.clock.advance(86_400)
    said, later = tick(acme, instance, cursor)
    assert said == "2 posted, 0 failed, 0 waiting"
    assert later != cursor
    alerts = {post.document["data"].get("alert") for post in receiver.posts}
    assert alerts == {None, "many_overdue", "sync_lag"}
    assert tick(acme, instance, later) == ("0 posted, 0 failed, 0 waiting", later)


def test_without_an_address_the_outbox_is_emptied(acme: Tenant, instance: DagsterInstance) -> None:
    """What happened before an address was given is not posted months later."""
    acme.sync()
    assert acme.query("SELECT count(*) FROM flyle.webhook_outbox WHERE tenant_id = %s") == [(1,)]
    acme.clock.advance(1)
    assert tick(acme, instance)[0] == "FLYLE_WEBHOOK_URL is not set"
    assert acme.query("SELECT count(*) FROM flyle.webhook_outbox WHERE tenant_id = %s") == [(0,)]


def test_wrong_settings_are_said_on_the_ticks_page(
    acme: Tenant,
    instance: DagsterInstance,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And nothing is lost meanwhile."""
    acme.sync()
    monkeypatch.setenv("FLYLE_WEBHOOK_SECRET", "short")
    with pytest.raises(UsageError, match="webhook_settings_invalid"):
        tick(acme, instance)
    monkeypatch.setenv("FLYLE_WEBHOOK_SECRET", SECRET)
    assert tick(acme, instance)[0] == "1 posted, 0 failed, 0 waiting"
