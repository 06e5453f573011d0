"""Tenants whose files come, break, go, and come back, under the settings sensor."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.defs.partition_changes import PartitionChanges, partition_changes
from flyle_sf_assets.errors import NotConnected, UsageError
from flyle_sf_assets.settings.loading import Loaded, load_tenant
from flyle_sf_assets_tests.defs.persons import edit, file_of, save_in_console, state_of, versions
from flyle_sf_assets_tests.defs.ticks import Ticks
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin


def attention(tenant: Tenant) -> list[str]:
    ((items,),) = tenant.query("SELECT attention FROM flyle.links WHERE tenant_id = %s")
    return [item["code"] for item in items]


def notices(tenant: Tenant) -> list[str]:
    return [
        str(kind)
        for (kind,) in tenant.query("SELECT kind FROM flyle.notifications WHERE tenant_id = %s")
    ]


def next_due(tenant: Tenant) -> Any:
    ((due,),) = tenant.query("SELECT next_due_at FROM flyle.links WHERE tenant_id = %s")
    return due


def set_state(tenant: Tenant, state: str) -> None:
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.links SET state = %s WHERE tenant_id = %s", [state, tenant.name]
        )


def break_settings(tenant: Tenant) -> None:
    """The newest version asks for something that this release does not know."""
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            "INSERT INTO flyle.settings_versions SELECT tenant_id, version + 1, 'other',"
            " jsonb_set(document, '{source,object}', '\"Lead\"'), 'console:x', created_at"
            " FROM flyle.settings_versions WHERE tenant_id = %s",
            [tenant.name],
        )
    file_of(tenant).unlink()


def test_without_its_file_a_tenant_loses_its_partition_and_keeps_its_data(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """The link says that nothing is refreshed any more: no row is stale in silence."""
    ticks.settled()
    rows = acme.rows()
    file_of(acme).unlink()
    assert ticks.requests() == []
    assert ticks.partitions == {"globex"}
    assert (state_of(acme), next_due(acme)) == ("disconnected", None)
    assert attention(acme) == ["settings_removed"]
    assert notices(acme)[-1] == "disconnected"
    assert acme.rows() == rows
    assert state_of(globex) == "linked"
    for _ in range(2):
        assert ticks.requests() == []
    assert notices(acme).count("disconnected") == 1


def test_a_tenant_that_comes_back_takes_up_the_same_rows_after_a_census(
    acme: Tenant, ticks: Ticks
) -> None:
    """Nobody looked at the org meanwhile; what it purged since leaves no other trace."""
    ticks.settled()
    created = {key: row.created_at for key, row in acme.rows().items()}
    file_of(acme).unlink()
    ticks.tick()
    acme.org_clock.advance(7200)
    lost = min(str(record["Id"]) for record in acme.there.records("Account"))
    acme.there.update("Account", lost, {"Name": "帰ってきた会社"})
    edit(acme, acme.settings)
    (request,) = ticks.requests()
    assert (request.partition_key, request.asset_selection) == ("acme", None)
    assert request.tags["flyle/kind"] == "census"
    assert request.run_key != "settings:acme:1"
    assert ticks.partitions == {"acme"}
    assert (state_of(acme), attention(acme)) == ("linked", [])
    assert ticks.execute(request).success
    assert {key: row.created_at for key, row in acme.rows().items()} == created
    acme.assert_follows_org()
    assert ticks.requests() == []
    assert len(versions(acme)) == 1


def test_a_tenant_that_comes_back_with_other_settings_is_run_once_with_both(
    acme: Tenant, ticks: Ticks
) -> None:
    """One run, whole, of the new version."""
    ticks.settled()
    file_of(acme).unlink()
    ticks.tick()
    edit(acme, acme.settings.replace("label: 売上,", "label: 年商,"))
    (request,) = ticks.requests()
    assert (request.run_key, request.tags["flyle/kind"]) == ("settings:acme:2", "census")
    assert ticks.execute(request).success
    assert ticks.requests() == []


def test_who_was_disconnected_by_a_person_stays_so_when_the_file_comes_back(
    acme: Tenant, ticks: Ticks
) -> None:
    """A moved folder must not link anybody again."""
    ticks.settled()
    set_state(acme, "disconnected")
    file_of(acme).unlink()
    ticks.tick()
    edit(acme, acme.settings)
    assert ticks.requests() == []
    assert state_of(acme) == "disconnected"
    assert ticks.partitions == {"acme"}


def test_who_is_disconnected_while_the_file_is_gone_stays_so_when_it_comes_back(
    acme: Tenant, ticks: Ticks
) -> None:
    """The file's return would have undone what a person had decided."""
    ticks.settled()
    file_of(acme).unlink()
    ticks.tick()
    disconnect(acme.installation, "acme", by="cli")
    edit(acme, acme.settings)
    assert ticks.requests() == []
    assert state_of(acme) == "disconnected"


def test_removal_waits_for_the_run_in_flight(acme: Tenant, ticks: Ticks) -> None:
    """Deleting a partition does not stop its run, which would end by linking the tenant again."""
    ticks.settled()
    file_of(acme).unlink()
    with ticks.in_flight("acme"):
        told = ticks.tick()
        assert ticks.partitions == {"acme"}
        assert state_of(acme) == "linked"
        assert "removed after their run: acme" in str(told.skip_reason)
    ticks.tick()
    assert ticks.partitions == set()
    assert state_of(acme) == "disconnected"


def test_a_removed_tenant_is_not_refreshed_by_hand_either(acme: Tenant, ticks: Ticks) -> None:
    """Somebody ran ``flyle-sf sync`` at that moment: it would have linked the tenant again."""
    ticks.settled()
    file_of(acme).unlink()
    ticks.tick()
    with pytest.raises(NotConnected, match="disconnected"):
        acme.sync()
    ticks.tick()
    assert state_of(acme) == "disconnected"


def test_a_broken_file_removes_nobody_and_stops_only_its_own_tenant(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """The settings before it go on; the link says which file is not in use, until it is."""
    ticks.settled()
    good = acme.settings
    edit(acme, "tenant: [")
    edit(globex, globex.settings.replace("label: 売上,", "label: 年商,"))
    (request,) = ticks.requests()
    assert request.partition_key == "globex"
    assert ticks.execute(request).success
    with pytest.raises(UsageError, match=r"acme \(file: acme\.yaml:1 "):
        ticks.tick()
    assert ticks.partitions == {"acme", "globex"}
    assert (state_of(acme), attention(acme)) == ("linked", ["settings_file_invalid"])
    assert len(versions(acme)) == 1
    edit(acme, good)
    assert ticks.requests() == []
    assert attention(acme) == []


def test_a_file_that_was_broken_from_the_start_has_no_tenant(ticks: Ticks, acme: Tenant) -> None:
    """It gets its partition with its first usable text."""
    ticks.settled()
    other = file_of(acme).with_name("initech.yaml")
    other.write_text("tenant: initech\nplan: free\n", encoding="utf-8")
    for _ in range(2):
        assert ticks.requests() == []
        assert ticks.partitions == {"acme"}
    text = acme.settings.replace("tenant: acme", "tenant: initech")
    other.write_text(text.replace("https://sandbox.invalid", acme.server.url), encoding="utf-8")
    (request,) = ticks.requests()
    assert request.partition_key == "initech"
    assert ticks.partitions == {"acme", "initech"}


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(acme: Tenant, ticks: Ticks) -> None:
    """A volume was not mounted, and every tenant was gone. The tick fails, so that it is seen."""
    ticks.settled()
    folder = file_of(acme).parent
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(UsageError, match="Tried to list the settings folder"):
        ticks.tick()
    assert ticks.partitions == {"acme"}
    assert state_of(acme) == "linked"
    save_in_console(acme, acme.settings.replace("label: 売上,", "label: 年商,"))
    (request,) = ticks.requests()
    assert ticks.execute(request).success


def test_a_folder_that_is_empty_all_at_once_removes_nobody(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """The mount point of a volume that is not mounted is an empty folder."""
    ticks.settled()
    folder = file_of(acme).parent
    shutil.move(folder, folder.with_name("elsewhere"))
    folder.mkdir()
    with pytest.raises(UsageError, match="files of several tenants"):
        ticks.tick()
    assert ticks.partitions == {"acme", "globex"}
    assert {state_of(acme), state_of(globex)} == {"linked"}


def test_a_folder_that_a_person_emptied_lets_every_tenant_go(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """Whatever else is in the folder shows that it is the folder."""
    ticks.settled()
    (file_of(acme).parent / "README.md").write_text("tenants", encoding="utf-8")
    for tenant in (acme, globex):
        file_of(tenant).unlink()
    assert ticks.requests() == []
    assert ticks.partitions == set()
    assert {state_of(acme), state_of(globex)} == {"disconnected"}


def test_a_partition_that_a_person_added_by_hand_is_left_alone(acme: Tenant, ticks: Ticks) -> None:
    """Only tenants that had settings can lose them."""
    ticks.settled()
    ticks.instance.add_dynamic_partitions("tenant", ["by_hand"])
    ticks.tick()
    assert ticks.partitions == {"acme", "by_hand"}


def test_one_tenant_whose_stored_settings_cannot_be_read_stops_nobody(
    acme: Tenant, globex: Tenant, ticks: Ticks
) -> None:
    """A version from a newer release, say: the others go on, and the tick says who failed."""
    ticks.settled()
    break_settings(acme)
    edit(globex, globex.settings.replace("label: 売上,", "label: 年商,"))
    (request,) = ticks.requests()
    assert request.partition_key == "globex"
    assert ticks.execute(request).success
    assert "failed: acme" in str(ticks.tick().skip_reason)


def test_an_unchanged_file_is_not_parsed_again(
    acme: Tenant, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand files cost ten seconds of parsing, every few seconds."""
    ticks.settled()
    parsed: list[Path] = []

    def counting(path: Path, extra_hosts: Iterable[str]) -> Loaded:
        parsed.append(path)
        return load_tenant(path, extra_hosts)

    monkeypatch.setattr("flyle_sf_assets.tenants.settings_file_watcher.load_tenant", counting)
    file_of(acme).touch()
    ticks.tick()
    assert parsed == []
    edit(acme, acme.settings + "# a comment\n")
    ticks.tick()
    ticks.tick()
    assert parsed == [file_of(acme)]


def test_what_a_tick_has_no_time_for_is_left_for_the_next(
    acme: Tenant, globex: Tenant, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster ends a tick after a minute; a thousand tenants at once take longer."""
    monkeypatch.setattr("flyle_sf_assets.defs.settings_sensor.BUDGET_S", 0.0)
    assert ticks.requests() == []
    assert ticks.partitions == set()
    assert "left for the next tick" in str(ticks.tick().skip_reason)
    monkeypatch.undo()
    assert {request.partition_key for request in ticks.requests()} == {"acme", "globex"}
    assert ticks.partitions == {"acme", "globex"}


@pytest.mark.parametrize(
    ("listed", "gone", "existing", "in_flight", "expected"),
    [
        ({"a"}, set(), set(), set(), PartitionChanges(("a",), (), ())),
        ({"a"}, set(), {"a"}, {"a"}, PartitionChanges((), (), ())),
        (set(), {"a"}, {"a"}, set(), PartitionChanges((), ("a",), ())),
        (set(), {"a"}, {"a"}, {"a", "b"}, PartitionChanges((), (), ("a",))),
        (set(), {"a"}, {"b"}, set(), PartitionChanges((), (), ())),
        ({"a"}, {"b"}, {"b", "c"}, {"c"}, PartitionChanges(("a",), ("b",), ())),
    ],
)
def test_partitions_come_and_go(
    listed: set[str],
    gone: set[str],
    existing: set[str],
    in_flight: set[str],
    expected: PartitionChanges,
) -> None:
    """The decision by itself."""
    assert partition_changes(listed, gone, existing, in_flight) == expected
