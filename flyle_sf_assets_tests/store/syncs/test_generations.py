"""The commit of an asset: manifest, watermark and what it consumed, or nothing of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from flyle_sf_assets.errors import GenerationConflict
from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    consumed,
    put_consumed,
    read_generation,
    read_generations,
    swap_generation,
)
from flyle_sf_assets.store.syncs.object_schemas import (
    StoredSchema,
    put_schema,
    read_schemas,
    touch_schema,
)

DAY_1 = datetime(2026, 4, 1, tzinfo=UTC)
DAY_2 = DAY_1 + timedelta(days=1)


def swap(
    tx: TenantTransaction, expected: int, generation: int, watermark: datetime | None = DAY_1
) -> None:
    """Commits a generation of the accounts."""
    swap_generation(
        tx,
        "accounts",
        expected_generation=expected,
        generation=generation,
        manifest=json.dumps({"generation": generation}),
        watermark=watermark,
        now=DAY_1,
    )


def test_a_dataset_that_was_never_committed_is_none(database: Database) -> None:
    """Which is not the same as empty."""
    with database.tenant("acme") as tx:
        assert read_generation(tx, "accounts") is None
        assert read_generations(tx) == {}


def test_generations_follow_one_another(database: Database) -> None:
    """The same number again moves only the watermark."""
    with database.tenant("acme") as tx:
        swap(tx, 0, 1)
        swap(tx, 1, 2)
        swap(tx, 2, 2, DAY_2)
        found = read_generation(tx, "accounts")
    assert found is not None
    assert (found.generation, json.loads(found.manifest)) == (2, {"generation": 2})
    assert (found.watermark, found.committed_at) == (DAY_2, DAY_1)


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_whoever_comes_second_is_told(database: Database, expected: int) -> None:
    """Its files were made on top of what is no longer the last commit; nothing of it is kept."""
    with database.tenant("acme") as tx:
        swap(tx, 0, 1)
        swap(tx, 1, 2)

    def come_second() -> None:
        with database.tenant("acme") as tx:
            put_consumed(tx, "accounts", [Consumed("x", 1)])
            swap(tx, expected, 9)

    with pytest.raises(GenerationConflict, match="generation 2") as conflict:
        come_second()
    assert conflict.value.retryable
    with database.tenant("acme") as tx:
        assert consumed(tx, "accounts") == {}
        found = read_generation(tx, "accounts")
        assert found is not None
        assert found.generation == 2


def test_two_commits_at_once_cannot_both_win(database: Database) -> None:
    """The advisory lock may be missing; the swap itself must hold."""

    def both() -> None:
        with database.tenant("acme") as one:
            swap(one, 1, 2)
            with database.tenant("acme") as other:
                other.execute("SET LOCAL lock_timeout = '200ms'")
                swap(other, 1, 2)

    with database.tenant("acme") as tx:
        swap(tx, 0, 1)
    with pytest.raises(Exception, match="lock timeout"):
        both()


def test_consumed_inputs_are_replaced_as_a_whole(database: Database) -> None:
    """An input that is not one any more owes nothing."""
    with database.tenant("acme") as tx:
        put_consumed(tx, "enriched", [Consumed("accounts", 1), Consumed("settings", 0, "abc")])
        put_consumed(tx, "companies", [Consumed("enriched", 7)])
        put_consumed(tx, "enriched", [Consumed("accounts", 2)])
        assert consumed(tx, "enriched") == {"accounts": Consumed("accounts", 2)}
        assert consumed(tx, "companies") == {"enriched": Consumed("enriched", 7)}


def test_schemas_are_kept_with_the_header_that_asks_again(database: Database) -> None:
    """Last-Modified goes back as it came; an object that the org does not know is kept, too."""
    header = "Wed, 01 Apr 2026 00:00:00 GMT"
    account = StoredSchema("Account", "d1", header, '{"name": "Account"}', DAY_1)
    with database.tenant("acme") as tx:
        put_schema(tx, account)
        put_schema(tx, StoredSchema("Gone__c", "none", None, "null", DAY_1))
        touch_schema(tx, "Account", DAY_2)
        found = read_schemas(tx)
        assert found["Account"].last_modified == header
        assert (found["Account"].checked_at, found["Account"].digest) == (DAY_2, "d1")
        assert json.loads(found["Gone__c"].document) is None
        put_schema(tx, StoredSchema("Account", "d2", None, "{}", DAY_2))
        assert read_schemas(tx)["Account"].digest == "d2"
