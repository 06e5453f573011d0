"""How a link stands, and what about it needs a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.links import (
    Attention,
    Link,
    add_attention,
    clear_attention,
    get_link,
    put_link,
    record_synced,
    replace_attention,
)

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2, DAY_3 = DAY_1 + timedelta(days=1), DAY_1 + timedelta(days=2)


def hidden(field: str | None = "Amount", text: str = "hidden") -> Attention:
    """A matter that needs a person."""
    message = Text("項目が見えません", text)
    return Attention("field_hidden", "Opportunity", field, message, Text("権限を付与", "Grant it"))


def test_a_tenant_without_a_row_is_not_connected(database: Database) -> None:
    """A new settings file has no history."""
    with database.tenant("acme") as tx:
        assert get_link(tx) == Link("acme")
        assert Link("acme").state == "not_connected"


def test_what_is_not_given_stays(database: Database) -> None:
    """None is a value: an org id can be taken away."""
    with database.tenant("acme") as tx:
        put_link(tx, state="linked", org_id="00D", source_object="Account", settings_version=2)
        put_link(tx, state="failing")
        put_link(tx, org_id=None, next_due_at=DAY_2)
        assert get_link(tx) == Link(
            "acme",
            state="failing",
            source_object="Account",
            settings_version=2,
            next_due_at=DAY_2,
        )


def test_the_first_sync_is_remembered_and_the_last_one_moves(database: Database) -> None:
    """S10: last_synced_at is when the sync last ran to its end."""
    with database.tenant("acme") as tx:
        record_synced(tx, DAY_1, DAY_2)
        record_synced(tx, DAY_2, DAY_3)
        link = get_link(tx)
    assert (link.first_synced_at, link.last_synced_at, link.next_due_at) == (DAY_1, DAY_2, DAY_3)


def test_attention_starts_as_an_empty_list(database: Database, database_url: str) -> None:
    """The contract: `[]` when there is nothing."""
    with database.tenant("acme") as tx:
        put_link(tx, state="connected")
        assert tx.execute("SELECT attention::text FROM links").scalar() == "[]"


def test_a_matter_that_stands_keeps_since_when(database: Database) -> None:
    """It is found again at every refresh; people want to know for how long."""
    with database.tenant("acme") as tx:
        assert add_attention(tx, [hidden()], DAY_1)
        assert not add_attention(tx, [hidden(text="still hidden")], DAY_2)
        assert add_attention(tx, [hidden("StageName"), hidden(None)], DAY_3)
        found = get_link(tx).attention
    assert [(a.field, a.message.en, a.since) for a in found] == [
        ("Amount", "still hidden", DAY_1),
        ("StageName", "hidden", DAY_3),
        (None, "hidden", DAY_3),
    ]


def test_attention_is_stored_as_the_contract_says(database: Database) -> None:
    """Outside readers see the table, not our classes."""
    with database.tenant("acme") as tx:
        add_attention(tx, [hidden()], DAY_1)
        stored = tx.execute("SELECT attention FROM links").scalar_one()
    assert stored == [
        {
            "code": "field_hidden",
            "object": "Opportunity",
            "field": "Amount",
            "message_ja": "項目が見えません",
            "message_en": "hidden",
            "remedy_ja": "権限を付与",
            "remedy_en": "Grant it",
            "since": "2026-04-01T00:00:00+00:00",
        }
    ]


def test_clearing_takes_away_exactly_what_is_named(database: Database) -> None:
    """The items of one code; those of others stay."""
    with database.tenant("acme") as tx:
        add_attention(tx, [hidden(), hidden("StageName"), hidden(None)], DAY_1)
        add_attention(tx, [replace(hidden(), code="object_hidden")], DAY_1)
        assert not clear_attention(tx, "token_refused")
        assert clear_attention(tx, "field_hidden")
        assert [a.code for a in get_link(tx).attention] == ["object_hidden"]


def test_replacing_leaves_other_codes_alone(database: Database) -> None:
    """A drift check knows all drifts, and nothing of a revoked token."""
    token = Attention(
        "token_revoked", None, None, Text("失効", "revoked"), Text("再接続", "Connect")
    )
    with database.tenant("acme") as tx:
        add_attention(tx, [token, hidden(), hidden("StageName")], DAY_1)
        assert not replace_attention(tx, ["field_hidden"], [hidden("StageName")], DAY_2)
        assert [(a.code, a.since) for a in get_link(tx).attention] == [
            ("token_revoked", DAY_1),
            ("field_hidden", DAY_1),
        ]
        assert replace_attention(tx, ["field_hidden"], [hidden()], DAY_2)
