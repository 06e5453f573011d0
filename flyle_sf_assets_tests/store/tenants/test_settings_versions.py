"""Versions of settings, and the fields that they map."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from flyle_sf_assets.store.companies.custom_fields import (
    CustomField,
    list_fields,
    put_fields,
)
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.settings_versions import (
    Registered,
    get_settings,
    latest_settings,
    register_settings,
    tenants_with_settings,
)

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def test_a_version_is_made_only_when_the_digest_differs_from_the_last(database: Database) -> None:
    """`apply` runs every few seconds; going back to an old text is a new version."""
    with database.tenant("acme") as tx:
        made = [
            register_settings(tx, json.dumps({"n": digest}), digest, "acme.yaml", NOW)
            for digest in ("a", "a", "b", "a")
        ]
        assert made == [
            Registered(1, is_new=True),
            Registered(1, is_new=False),
            Registered(2, is_new=True),
            Registered(3, is_new=True),
        ]
        latest, second = latest_settings(tx), get_settings(tx, 2)
        assert latest is not None
        assert second is not None
        assert (latest.version, json.loads(latest.document)) == (3, {"n": "a"})
        assert (second.digest, second.author, second.created_at) == ("b", "acme.yaml", NOW)
        assert get_settings(tx, 4) is None


def test_processes_that_register_at_once_make_one_version(database: Database) -> None:
    """The sensor and the command line read the same file at the same moment."""

    def register(_: int) -> Registered:
        with database.tenant("acme") as tx:
            return register_settings(tx, "{}", "same", "acme.yaml", NOW)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(register, range(8)))
    assert {one.version for one in made} == {1}
    assert sum(one.is_new for one in made) == 1


def test_numbers_in_a_document_stay_as_they_are(database: Database) -> None:
    """Conditions compare with exact numbers."""
    with database.tenant("acme") as tx:
        register_settings(tx, '{"value": 1234567890.12345678901234567890}', "a", "x", NOW)
        latest = latest_settings(tx)
    assert latest is not None
    assert latest.document == '{"value": 1234567890.12345678901234567890}'


def test_the_fleet_knows_who_has_settings(database: Database) -> None:
    """Partitions are made from this list."""
    for tenant in ("b", "a"):
        with database.tenant(tenant) as tx:
            register_settings(tx, "{}", "a", "x", NOW)
            register_settings(tx, "{}", "b", "x", NOW)
    with database.fleet() as tx:
        assert tenants_with_settings(tx) == ("a", "b")


def test_a_field_whose_mapping_is_gone_stays_inactive(database: Database) -> None:
    """Taking a mapping away leaves the last value, so the field must stay, too."""
    amount = CustomField("amount", "売上", "number", "Amount")
    phase = CustomField("phase", "フェーズ", "single_select", "StageName")
    with database.tenant("acme") as tx:
        put_fields(tx, [amount, phase], NOW)
        put_fields(tx, [CustomField("amount", "金額", "text", "Amount")], NOW)
        assert list_fields(tx) == (
            CustomField("amount", "金額", "text", "Amount"),
            CustomField("phase", "フェーズ", "single_select", "StageName", active=False),
        )
        put_fields(tx, [amount, phase], NOW)
        assert list_fields(tx) == (amount, phase)
        put_fields(tx, [], NOW)
        assert [field.active for field in list_fields(tx)] == [False, False]
