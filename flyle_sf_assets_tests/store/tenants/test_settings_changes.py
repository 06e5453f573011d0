"""What each settings version changed, and all tenants as one tick sees them."""

import json
from datetime import UTC, datetime

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.links import put_link
from flyle_sf_assets.store.tenants.settings_changes import (
    SettingsChange,
    StoredChange,
    StoredRead,
    close_change,
    get_change,
    put_change,
    reopen_change,
)
from flyle_sf_assets.store.tenants.settings_files import (
    KnownTenant,
    get_file,
    known_tenants,
    mark_removed,
    mark_returned,
    put_file,
)
from flyle_sf_assets.store.tenants.settings_versions import (
    latest_settings_besides,
    register_settings,
)

NOW = datetime(2026, 4, 1, tzinfo=UTC)
LATER = datetime(2026, 4, 2, tzinfo=UTC)


def change(version: int) -> SettingsChange:
    return SettingsChange(
        version=version,
        changes=(StoredChange("mapping[x].label", "売上", None, "ja", "en"),),
        affected_assets=("flyle/companies",),
        affected_companies=3,
        read_again=(StoredRead("User", ("Email", "Name"), whole=False),),
        part_digests={"companies": "d"},
        recorded_at=NOW,
    )


def save(database: Database, tenant: str, *authors: str) -> None:
    """One version by each author."""
    with database.tenant(tenant) as tx:
        for number, author in enumerate(authors):
            register_settings(tx, json.dumps({"n": number}), f"{tenant}{number}", author, NOW)


def test_a_change_comes_back_as_it_was_told_and_is_told_once(database: Database) -> None:
    """Words for people are kept as they were: a later release words the same change otherwise."""
    with database.tenant("acme") as tx:
        assert get_change(tx, 1) is None
        put_change(tx, change(1))
        assert get_change(tx, 1) == change(1)
        put_change(tx, SettingsChange(1, (), (), 0, (), {}, LATER))
        assert get_change(tx, 1) == change(1)
    with database.tenant("globex") as tx:
        assert get_change(tx, 1) is None


def test_a_run_settles_its_version_and_those_before_it(database: Database) -> None:
    """It reads the newest settings: what an older version asked for is in them."""
    with database.tenant("acme") as tx:
        for version in (1, 2, 3):
            put_change(tx, change(version))
        close_change(tx, 1, "run-1", NOW)
        close_change(tx, 2, "run-2", LATER)
        found = [get_change(tx, version) for version in (1, 2, 3)]
    told = [(one.dagster_run_id, one.closed_at) for one in found if one]
    assert told == [("run-1", NOW), ("run-2", LATER), (None, None)]


def test_a_version_that_asks_again_is_open_under_another_attempt(database: Database) -> None:
    """A run's key is never used twice: Dagster would take the old run for the new one."""
    with database.tenant("acme") as tx:
        put_change(tx, change(1))
        close_change(tx, 1, "run-1", NOW)
        reopen_change(tx, 1, "census")
        again = get_change(tx, 1)
    assert again is not None
    assert (again.kind, again.attempt, again.closed_at) == ("census", 2, None)
    assert again.dagster_run_id is None


def test_all_tenants_are_seen_in_one_query(database: Database) -> None:
    """Files, console, both, a file that was never usable, and one that is gone."""
    save(database, "both", "console:a", "file:both.yaml")
    save(database, "console", "file:console.yaml", "console:a")
    save(database, "file", "file:file.yaml")
    with database.tenant("file") as tx:
        put_change(tx, change(1))
        close_change(tx, 1, None, NOW)
        put_file(tx, "d1", 1, NOW)
        put_link(tx, state="linked")
        mark_removed(tx, "linked", LATER)
        mark_removed(tx, "disconnected", NOW)
        kept = get_file(tx)
    with database.tenant("broken") as tx:
        put_file(tx, "d2", None, NOW)
    with database.fleet() as fleet:
        found = known_tenants(fleet)
    nothing = {"file_digest": None, "file_version": None, "removed_at": None, "state": None}
    both = KnownTenant("both", 2, "file:both.yaml", is_open=True, has_console=True, **nothing)
    console = KnownTenant("console", 2, "console:a", is_open=True, has_console=True, **nothing)
    broken = KnownTenant("broken", None, None, "d2", None, None, None, False, False)  # noqa: FBT003
    file = KnownTenant("file", 1, "file:file.yaml", "d1", 1, LATER, "linked", False, False)  # noqa: FBT003
    assert found == (both, broken, console, file)
    assert [one.is_of_file for one in found] == [True, False, False, True]
    assert kept is not None
    assert (kept.removed_at, kept.state_before) == (LATER, "linked")


def test_a_file_that_is_back_is_not_gone(database: Database) -> None:
    """And what was noted when it went is not taken for the next time."""
    with database.tenant("acme") as tx:
        mark_removed(tx, "failing", NOW)
        mark_returned(tx)
        back = get_file(tx)
        mark_removed(tx, "linked", LATER)
        gone = get_file(tx)
    assert back is not None
    assert gone is not None
    assert (back.removed_at, back.state_before) == (None, None)
    assert (gone.removed_at, gone.state_before) == (LATER, "linked")


def test_the_newest_version_of_another_author(database: Database) -> None:
    """What the console last saved, below whatever files came after it."""
    save(database, "acme", "console:a", "console:b", "file:acme.yaml")
    with database.tenant("acme") as tx:
        found = latest_settings_besides(tx, "file:")
        assert found is not None
        assert (found.version, found.author) == (2, "console:b")
    with database.tenant("globex") as tx:
        assert latest_settings_besides(tx, "file:") is None
