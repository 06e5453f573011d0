"""Dagster's storage on a URL as people write it, as Dagster's own processes open it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from dagster import (
    AssetKey,
    AssetObservation,
    DagsterInstance,
    DynamicPartitionsDefinition,
    asset,
    materialize,
)
from dagster._core.instance.ref import InstanceRef

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.installation.shipped import DAGSTER_YAML
from flyle_sf_assets_tests.store.postgres.tcp_server import DAGSTER, TcpServer, tcp_server
from flyle_sf_assets_tests.store.postgres.url_forms import FORMS


@pytest.fixture(scope="module")
def server() -> Iterator[TcpServer]:
    """One server for the file."""
    with tcp_server() as made:
        yield made


@pytest.fixture
def dagster_home(tmp_path: Path) -> Path:
    """A home with the instance's file that is shipped."""
    shutil.copy(DAGSTER_YAML, tmp_path / "dagster.yaml")
    return tmp_path


@asset
def nothing() -> None:
    """An asset whose materialization is an event."""


@contextmanager
def opened(
    server: TcpServer, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """The instance, as one of Dagster's own processes opens it."""
    monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", FORMS["plain"](server, DAGSTER))
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(dagster_home))) as instance:
        yield instance


@pytest.mark.parametrize("form", FORMS)
def test_events_are_stored_and_read_by_every_form(
    server: TcpServer, form: str, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain postgresql:// once ended in a traceback of NOTIFY at the first event."""
    monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", FORMS[form](server, DAGSTER))
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(dagster_home))) as instance:
        instance.report_runless_asset_event(AssetObservation(AssetKey("seen")))
        result = materialize([nothing], instance=instance)
        assert result.success
        assert instance.get_latest_materialization_event(AssetKey("nothing")) is not None
        assert instance.fetch_observations(AssetKey("seen"), limit=1).records
        [record] = instance.get_run_records(limit=1)
        assert record.dagster_run.run_id == result.run_id


def test_a_wrong_url_is_our_error_also_in_dagsters_own_processes(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which would otherwise try five times and show what the driver thinks of it."""
    monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", "postgresql://u:hunter2@a,b/dagster")
    with pytest.raises(UsageError, match="FLYLE_DAGSTER_DATABASE_URL") as refused:
        DagsterInstance.from_ref(InstanceRef.from_dir(str(dagster_home)))
    assert "hunter2" not in str(refused.value)


def backends(server: TcpServer, action: str = "pid") -> set[object]:
    """Dagster's connections as PostgreSQL knows them, or what the function made of each."""
    found = f"SELECT {action} FROM pg_stat_activity WHERE datname = %s"  # noqa: S608 - ours
    where = f"host={server.sockets} port={server.port} user=postgres dbname=postgres"
    with psycopg.connect(where, autocommit=True) as admin:
        return {answer for (answer,) in admin.execute(found.encode(), [DAGSTER])}


def test_an_instance_keeps_its_connection_and_closes_it_when_it_ends(
    server: TcpServer, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run opened one per statement, about 300: PostgreSQL spent 2 CPU seconds on each run."""
    with opened(server, dagster_home, monkeypatch) as instance:
        instance.report_runless_asset_event(AssetObservation(AssetKey("seen")))
        before = backends(server)
        assert materialize([nothing], instance=instance).success
        assert instance.get_run_records(limit=1)
        assert backends(server) == before
        assert len(before) in {1, 2}, "a second one where a statement is run while rows are read"
    assert backends(server) == set()


def test_a_server_that_was_restarted_is_connected_to_again(
    server: TcpServer, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon holds its instance for weeks; PostgreSQL is updated meanwhile."""
    with opened(server, dagster_home, monkeypatch) as instance:
        assert materialize([nothing], instance=instance).success
        assert backends(server, "pg_terminate_backend(pid, 10000)") == {True}
        assert materialize([nothing], instance=instance).success


@asset(partitions_def=DynamicPartitionsDefinition(name="tenant"))
def of_a_tenant() -> None:
    """An asset whose materialization looks its partition up."""


def test_the_catalog_is_asked_once_what_tables_and_columns_there_are(
    server: TcpServer, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 550 statements of a run 70 asked it for what they had asked it before."""
    asked: list[str] = []

    def ask(_1: object, _2: object, statement: str, parameters: object, *_more: object) -> None:
        named = [name for name in ("asset_keys", "dynamic_partitions") if name in str(parameters)]
        asked.extend(named if "pg_catalog" in statement else [])

    with opened(server, dagster_home, monkeypatch) as instance:
        instance.add_dynamic_partitions("tenant", ["acme"])
        assert materialize([of_a_tenant], instance=instance, partition_key="acme").success
        sa.event.listen(sa.Engine, "before_cursor_execute", ask)
        try:
            assert materialize([of_a_tenant], instance=instance, partition_key="acme").success
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", ask)
    assert asked == []
