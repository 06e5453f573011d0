"""X18: events reach a real receiver that fails, hangs, redirects and comes back."""

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

from flyle_sf_assets.errors import Text
from flyle_sf_assets.fleet.webhook_delivery import Delivery, deliver, discard_events
from flyle_sf_assets.fleet.webhook_target import WebhookTarget
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.links import Attention, add_attention, put_link, record_figures
from flyle_sf_assets.store.tenants.notices import NoticeKind, add_notice
from flyle_sf_assets.store.tenants.webhook_outbox import claim, events_to_send
from flyle_sf_assets_tests.fleet.receiver import DRIP, HANG, SECRET, Receiver

START = datetime(2026, 4, 1, tzinfo=UTC)
CUSTOMERS = "株式会社顧客の秘密"


@dataclass
class Outbox:
    """The outbox of a database, sent to a receiver by a clock that the test moves."""

    database: Database
    receiver: Receiver
    now: datetime = START
    target: WebhookTarget = field(init=False)

    def __post_init__(self) -> None:
        self.target = WebhookTarget(
            self.receiver.url, SECRET, console_url="https://console.example.com", timeout_s=0.3
        )

    def notice(self, tenant: str = "acme", kind: NoticeKind = "attention") -> None:
        """A notice whose texts have a customer's value."""
        told = Text(CUSTOMERS, CUSTOMERS)
        with self.database.tenant(tenant) as tx:
            add_notice(tx, kind, told, told, self.now)

    def deliver(self, minutes: float = 0) -> Delivery:
        """One round, after ``minutes``."""
        self.now += timedelta(minutes=minutes)
        return deliver(self.database, self.target, lambda: self.now)


@pytest.fixture
def outbox(database: Database, receiver: Receiver) -> Outbox:
    return Outbox(database, receiver)


def test_a_receiver_that_fails_hangs_and_recovers_gets_the_event(
    outbox: Outbox, receiver: Receiver
) -> None:
    """500, no answer, then 200: three attempts of one event, each later than the one before."""
    outbox.notice()
    receiver.answers = [500, HANG]
    first = outbox.deliver()
    assert (first.delivered, first.failed, first.waiting, first.answer) == (0, 1, 1, "HTTP 500")
    assert outbox.deliver(0.5) == Delivery(waiting=1)
    began = time.monotonic()
    assert outbox.deliver(0.5).answer == "TimeoutError"
    assert time.monotonic() - began < 20
    assert outbox.deliver(1.9) == Delivery(waiting=1)
    assert outbox.deliver(0.1) == Delivery(delivered=1)
    assert outbox.deliver(10_000) == Delivery()
    assert len(receiver.posts) == 3
    assert len({post.body for post in receiver.posts}) == 1
    assert len({post.headers["x-flyle-event-id"] for post in receiver.posts}) == 1
    assert len({post.headers["x-flyle-timestamp"] for post in receiver.posts}) == 3
    for post in receiver.posts:
        assert post.is_signed_by(SECRET)
        assert not post.is_signed_by(SECRET + "x")
        assert post.document["id"] == post.headers["x-flyle-event-id"]


def test_numbers_codes_and_a_link_are_posted_and_no_value_of_a_customer(
    outbox: Outbox, receiver: Receiver, database: Database
) -> None:
    """A notice's text names companies; a link's item names fields: neither leaves."""
    with database.tenant("acme") as tx:
        put_link(tx, state="failing", org_id="00D000000000001AAA")
        record_figures(tx, companies=1_234, rejected=5)
        told = Text(CUSTOMERS, CUSTOMERS)
        items = [
            Attention("field_refused", CUSTOMERS, CUSTOMERS, told, told),
            Attention(CUSTOMERS, None, None, told, told),
        ]
        add_attention(tx, items, START)
    outbox.notice()
    outbox.deliver()
    [post] = receiver.posts
    document = post.document
    text, created = document.pop("text"), document.pop("created_at")
    assert document == {
        "id": post.headers["x-flyle-event-id"],
        "kind": "attention",
        "tenant": "acme",
        "data": {
            "state": "failing",
            "companies": 1_234,
            "rejected": 5,
            "codes": ["field_refused"],
        },
        "link": "https://console.example.com/",
    }
    assert datetime.fromisoformat(created) == START
    assert text.startswith("acme: 連携に確認が必要です / The link needs a person (field_refused)")
    assert text.endswith("\nhttps://console.example.com/")
    for word in (CUSTOMERS, SECRET, "secret-of-the-path", "00D000000000001AAA"):
        assert word not in post.body.decode()
        assert word not in str(post.headers)


@pytest.mark.parametrize("kind", ["first_sync_done", "held", "recovered", "disconnected"])
def test_every_kind_of_notice_is_posted(
    outbox: Outbox, receiver: Receiver, kind: NoticeKind
) -> None:
    """Also of a tenant that has no link yet."""
    outbox.notice(kind=kind)
    assert outbox.deliver().delivered == 1
    [post] = receiver.posts
    assert post.document["kind"] == kind
    assert post.document["text"].startswith("acme: ")


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_is_not_followed(outbox: Outbox, receiver: Receiver, status: int) -> None:
    """A signed event is for the address that the operator gave."""
    outbox.notice()
    receiver.answers = [status]
    assert outbox.deliver().answer == f"HTTP {status}"
    assert [post.path for post in receiver.posts] == ["/hook/T0/secret-of-the-path"]


def test_an_event_that_is_refused_does_not_stop_the_others(
    outbox: Outbox, receiver: Receiver
) -> None:
    """400 is about this event; 503 is about the receiver, and the others wait."""
    for tenant in ("a", "b", "c"):
        outbox.notice(tenant)
        outbox.now += timedelta(seconds=1)
    receiver.answers = [400]
    found = outbox.deliver()
    assert (found.delivered, found.failed, found.waiting) == (2, 1, 1)
    outbox.notice("d")
    outbox.notice("e")
    receiver.answers = [503]
    found = outbox.deliver()
    assert (found.delivered, found.failed, found.waiting) == (0, 1, 3)


def test_an_answer_byte_by_byte_is_cut_off(outbox: Outbox, receiver: Receiver) -> None:
    """Each byte comes in time, and the whole never does: the tick must end."""
    outbox.target = replace(outbox.target, total_s=1.0)
    outbox.notice()
    receiver.answers = [DRIP]
    began = time.monotonic()
    assert outbox.deliver().failed == 1
    assert time.monotonic() - began < 20
    assert outbox.deliver(1).delivered == 1


def test_nobody_there_is_one_failed_attempt(outbox: Outbox) -> None:
    """Connection refused; the address is in no text, for it may be Slack's secret one."""
    outbox.notice()
    outbox.target = WebhookTarget("http://127.0.0.1:9/hook/secret-of-the-path", SECRET)
    found = outbox.deliver()
    assert (found.failed, found.answer) == (1, "ConnectionRefusedError")
    assert "secret" not in f"{found}{outbox.target!r}"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    database: Database, receiver: Receiver
) -> None:
    """Somebody between us and the receiver: nothing is sent."""
    receiver.use_tls(trustme.CA().issue_cert("127.0.0.1"))
    outbox = Outbox(database, receiver)
    outbox.notice()
    assert outbox.deliver().answer == "SSLCertVerificationError"
    assert receiver.posts == []


def test_an_event_is_given_up_after_three_days(outbox: Outbox, receiver: Receiver) -> None:
    """An address that was forgotten must not fill the table for ever."""
    outbox.notice()
    rounds = 0
    receiver.answers = [500] * 1_000
    while (found := outbox.deliver(60)).waiting:
        rounds += 1
    assert (found.failed, found.given_up) == (1, 1)
    assert 70 <= rounds <= 75
    assert outbox.deliver(60) == Delivery()


def test_two_processes_send_an_event_once(outbox: Outbox, receiver: Receiver) -> None:
    """Two daemons by mistake: who claims it first sends it."""
    for number in range(10):
        outbox.notice(f"t{number}")
    threads = [threading.Thread(target=outbox.deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ids = [post.document["id"] for post in receiver.posts]
    assert len(ids) == len(set(ids)) == 10


def test_a_process_that_dies_while_it_sends_costs_one_attempt(
    outbox: Outbox, receiver: Receiver
) -> None:
    """The claim was stored before: the event is sent again after its back-off."""
    outbox.notice()
    with outbox.database.fleet() as tx:
        [event] = events_to_send(tx, outbox.now, 10)
    with outbox.database.tenant("acme") as tenant:
        assert claim(tenant, event, outbox.now + timedelta(minutes=1))
    assert outbox.deliver() == Delivery(waiting=1)
    assert outbox.deliver(1).delivered == 1


def test_a_notice_that_is_rolled_back_is_not_posted(outbox: Outbox, receiver: Receiver) -> None:
    """The event is stored by the transaction that it tells of."""
    told = Text("x", "x")
    with outbox.database.tenant("acme") as tx:
        add_notice(tx, "held", told, told, START)
        tx.connection.rollback()
    assert outbox.deliver() == Delivery()
    assert receiver.posts == []


def test_old_events_are_deleted(outbox: Outbox, database: Database) -> None:
    """Of every tenant; newer ones stay."""
    outbox.notice("a")
    outbox.notice("b")
    outbox.now += timedelta(days=1)
    outbox.notice("a")
    assert discard_events(database, START + timedelta(hours=1)) == 2
    assert outbox.deliver().delivered == 1


def test_a_sync_does_not_wait_for_a_receiver_that_hangs(outbox: Outbox, receiver: Receiver) -> None:
    """While an event is being sent, its tenant's rows are not locked."""
    outbox.target = WebhookTarget(receiver.url, SECRET, timeout_s=30)
    outbox.notice()
    receiver.answers = [HANG]
    done: list[Any] = []
    sending = threading.Thread(target=lambda: done.append(outbox.deliver()))
    sending.start()
    while not receiver.posts:
        time.sleep(0.01)
    began = time.monotonic()
    outbox.notice()
    assert time.monotonic() - began < 10
    assert not done
    receiver.release()
    sending.join(60)
    assert done[0].delivered + done[0].failed >= 1
