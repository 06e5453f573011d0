"""What a worker and a demo on Celery say when something that they need is missing."""

import importlib.util

import pytest
from dagster import DagsterInstance

from flyle_sf_assets.cli.command_line import run
from flyle_sf_assets.cli.servers import broker
from flyle_sf_assets.defs.instance import prepare_home
from flyle_sf_assets.defs.workers.app import worker_app
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.shipped import DAGSTER_YAML
from flyle_sf_assets.store.postgres.urls import DAGSTER_VARIABLE, PRODUCT_VARIABLE
from flyle_sf_assets_tests.workers.redis import redis_url


def test_a_worker_needs_the_broker_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it Celery would try a RabbitMQ on this machine for ever."""
    monkeypatch.delenv("FLYLE_BROKER_URL", raising=False)
    with pytest.raises(UsageError) as raised:
        broker.require_broker()
    assert raised.value.code == "broker_not_named"


@pytest.mark.parametrize("url", ["redis://:s3cret@127.0.0.1:1/0", "redis+socket:///nowhere", "x"])
def test_a_broker_that_does_not_answer_is_an_error_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery would write the URL into the log, and wait."""
    monkeypatch.setenv("FLYLE_BROKER_URL", url)
    with pytest.raises(UsageError) as raised:
        broker.require_broker()
    assert raised.value.code == "broker_unreachable"
    assert "s3cret" not in str(raised.value)


def test_a_broker_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket has another scheme for Celery than for the Redis library."""
    with redis_url() as url:
        monkeypatch.setenv("FLYLE_BROKER_URL", url)
        assert broker.require_broker() == url


@pytest.mark.parametrize("missing", ["FLYLE_DATABASE_URL", "FLYLE_DAGSTER_DATABASE_URL"])
def test_a_worker_needs_both_databases_by_their_urls(missing: str) -> None:
    """On its machine it would have made an empty server of its own."""
    urls = dict.fromkeys((PRODUCT_VARIABLE, DAGSTER_VARIABLE), "postgresql://one@two/three")
    broker.require_databases(Environment.from_environment(urls))
    with pytest.raises(UsageError) as raised:
        broker.require_databases(Environment.from_environment({**urls, missing: ""}))
    assert raised.value.code == "databases_not_named"


def test_a_worker_ends_where_runs_are_made_in_another_way(
    installation: Installation,
) -> None:
    """It would wait for runs that never come: the daemon starts them itself."""
    file = installation.environment.config_dir / "dagster.yaml"
    file.write_bytes(DAGSTER_YAML.read_bytes())
    prepare_home(installation)
    with DagsterInstance.get() as instance, pytest.raises(UsageError) as raised:
        worker_app(instance)
    assert raised.value.code == "not_for_workers"


@pytest.mark.parametrize("command", [["worker"], ["demo", "--once", "--engine", "celery"]])
def test_without_the_extra_the_message_is_the_command_that_installs_it(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ImportError of dagster_celery told nobody what to install."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "dagster_celery" else found(name),
    )
    assert run(["--lang", "en", *command]) == 2
    assert "pip install 'flyle-sf-assets[celery]'" in capsys.readouterr().err


def test_a_demo_without_redis_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything else is started."""
    monkeypatch.setenv("PATH", "/nonexistent")
    for language in ("ja", "en"):
        assert run(["--lang", language, "demo", "--once", "--engine", "celery"]) == 2
        told = " ".join(capsys.readouterr().err.split())
        assert broker.INSTALL in told
        assert broker.INSTALL_ON_MACOS in told


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_redis_these_tests_say_how_to_install_it(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer's machine has none; CI that lost it must not pass for that."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("CI", ci)
    expected = pytest.raises(outcome, match="install it: sudo apt-get install redis-server")
    with expected, redis_url():
        pass
