"""The files of ``config/deploy``: what they name exists, and fits what reads them.

What does not belong here: whether containers run. No test starts any (``docs/deployment.md``).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.load_target import WorkspaceFileTarget
from ruamel.yaml import YAML

import flyle_sf_assets
from flyle_sf_assets.store.postgres.urls import dagster_url, product_url

SERVICE_KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "env_file", "environment",
    "healthcheck", "image", "init", "network_mode", "ports", "read_only", "restart",
    "security_opt", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
"""Of the Compose specification, "Services": those that the file uses."""

WANTED = {"postgres", "redis", "store", "webserver", "daemon", "code", "worker", "console", "proxy"}
CHART = {
    "global": {"postgresqlSecretName", "dagsterHome", "serviceAccountName"},
    "generatePostgresqlPasswordSecret": None,
    "postgresql": {
        "enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase",
        "postgresqlScheme", "service",
    },
    "dagsterWebserver": {
        "replicaCount", "image", "envSecrets", "podSecurityContext", "securityContext", "resources",
    },
    "dagsterDaemon": {
        "enabled", "image", "envSecrets", "podSecurityContext", "securityContext", "resources",
        "runCoordinator", "runMonitoring", "runRetries", "sensors", "schedules",
    },
    "dagster-user-deployments": {"enabled", "enableSubchart", "deployments"},
    "runLauncher": {"type", "config"},
    "computeLogManager": {"type"},
    "retention": {"enabled", "schedule", "sensor"},
    "telemetry": {"enabled"},
}  # fmt: skip
"""Of Dagster's Helm chart, ``values.yaml``: the fields that are set. Helm drops unknown ones."""

DEPLOYMENT = {
    "name", "image", "port", "dagsterApiGrpcArgs", "includeConfigInLaunchedRuns", "envSecrets",
    "volumes", "volumeMounts", "podSecurityContext", "securityContext", "resources",
}  # fmt: skip
LAUNCHER = {
    "imagePullPolicy", "loadInclusterConfig", "envSecrets", "volumes", "volumeMounts",
    "runK8sConfig",
}  # fmt: skip


def _yaml(file: Path) -> dict[str, Any]:
    document = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def docker(root: Path) -> Path:
    """The folder of the image and of Compose."""
    return root / "config" / "deploy" / "docker"


@pytest.fixture(scope="module")
def services(docker: Path) -> dict[str, dict[str, Any]]:
    """The services of the Compose file."""
    found: dict[str, dict[str, Any]] = _yaml(docker / "compose.yaml")["services"]
    return found


@pytest.fixture(scope="module")
def example(docker: Path) -> dict[str, str]:
    """The variables of the example, with every secret filled in and every reference replaced."""
    values: dict[str, str] = {}
    for line in (docker / "env.example").read_text(encoding="utf-8").splitlines():
        name, is_set, value = line.partition("=")
        if is_set and not name.startswith("#"):
            values[name] = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], value or "s3cret")
    return values


def test_compose_has_every_part_and_only_keys_that_compose_knows(
    docker: Path, services: Mapping[str, dict[str, Any]]
) -> None:
    """Compose refuses a file with an unknown key as a whole."""
    document = _yaml(docker / "compose.yaml")
    assert document.keys() <= {"name", "services", "volumes", "configs", "x-flyle"}
    assert services.keys() >= WANTED
    for name, service in services.items():
        assert service.keys() <= SERVICE_KEYS, name
        assert "image" in service, name
    assert set(_named_volumes(services)) == document["volumes"].keys()
    configs = {one["source"] for each in services.values() for one in each.get("configs", ())}
    assert configs == document["configs"].keys()


def _named_volumes(services: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if not source.startswith((".", "/")):
                yield source


def test_what_waits_for_a_healthy_service_waits_for_one_that_is_asked(
    services: Mapping[str, dict[str, Any]],
) -> None:
    """A service without a health check never gets healthy, and the others never start."""
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            if how["condition"] == "service_healthy":
                assert "test" in services[other]["healthcheck"], f"{name} waits for {other}"
            else:
                assert how["condition"] == "service_completed_successfully"


def test_every_command_of_a_container_exists_with_its_options(
    services: Mapping[str, dict[str, Any]], options_of_commands: dict[str, set[str]]
) -> None:
    """An option that Dagster renamed shows up here, not in a container that restarts for ever."""
    seen, dagster = set(), _commands_of_dagster()
    for service in services.values():
        for words in (service.get("command", []), service.get("healthcheck", {}).get("test", [])):
            program, *rest = words[1:] if words[:1] == ["CMD"] else words or [""]
            if program == "flyle-sf":
                assert " ".join(rest) in options_of_commands
            elif program in dagster:
                _parse(dagster[program], rest)
            seen.add(program)
    assert seen >= {"flyle-sf", *dagster}


def _commands_of_dagster() -> dict[str, click.Command]:
    # Only here: the GraphQL schema, which the webserver brings, takes a second to import.
    from dagster._cli import create_dagster_cli  # noqa: PLC0415
    from dagster._daemon.cli import create_dagster_daemon_cli  # noqa: PLC0415
    from dagster_webserver.cli import create_dagster_webserver_cli  # noqa: PLC0415

    return {
        "dagster": create_dagster_cli(),  # type: ignore[no-untyped-call]
        "dagster-daemon": create_dagster_daemon_cli(),
        "dagster-webserver": create_dagster_webserver_cli(),  # type: ignore[no-untyped-call]
    }


def _parse(command: click.Command, words: list[str]) -> None:
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    assert not isinstance(command, click.Group), words
    command.make_context("it", list(words), resilient_parsing=True)
    options = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_workspace_leads_to_the_code_server(
    docker: Path, services: Mapping[str, dict[str, Any]]
) -> None:
    """The location's name is part of every run's origin: it is that of workspace.yaml."""
    [origin] = WorkspaceFileTarget(paths=[str(docker / "workspace.yaml")]).create_origins()
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    command = services[origin.host or ""]["command"]
    assert command[command.index("--port") + 1] == str(origin.port)
    assert command[command.index("--location-name") + 1] == origin.location_name
    assert origin.location_name == "flyle_sf_assets"


def test_the_example_of_variables_is_complete(
    root: Path, docker: Path, example: Mapping[str, str]
) -> None:
    """Compose stops at a variable that is not there; the product at one that it cannot read."""
    asked = set(re.findall(r"\$\{(\w+)", (docker / "compose.yaml").read_text(encoding="utf-8")))
    assert asked <= example.keys()
    reference = (root / "docs" / "reference.md").read_text(encoding="utf-8")
    own = {name for name in example if name.startswith("FLYLE_")}
    unknown = {name for name in own - {"FLYLE_CONSOLE_HOST"} if f"`{name}`" not in reference}
    assert unknown == set()
    assert product_url(example["FLYLE_DATABASE_URL"]).database == "flyle"
    assert dagster_url(example["FLYLE_DAGSTER_DATABASE_URL"]).endswith("/dagster")
    assert example["FLYLE_BROKER_URL"].startswith("redis://:s3cret@redis:")


def test_the_image_installs_locked_packages_and_does_not_run_as_root(
    root: Path, docker: Path
) -> None:
    """A package without a hash could be anything by the time somebody builds the image."""
    text = (docker / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    installs = [line for line in lines if "install" in line and "/opt/flyle/bin/pip" in line]
    assert len(installs) == 2
    assert all({"--require-hashes"} & {*one} or {"--no-index"} & {*one} for one in installs)
    [user] = [line[1] for line in lines if line[0] == "USER"]
    assert user.split(":")[0] not in {"0", "root"}
    assert any(line[0] == "HEALTHCHECK" for line in lines)
    copied = [line[1:-1] for line in lines if line[0] == "COPY" and "--from=build" not in line]
    for source in [name for each in copied for name in each if not name.startswith("--")]:
        assert (root / source).exists(), source
    bases = {line[1] for line in lines if line[0] == "FROM"}
    assert len(bases) == 1
    assert all(":" in base and not base.endswith(":latest") for base in bases)


def test_the_values_use_fields_of_dagsters_chart_and_its_version(root: Path) -> None:
    """Helm drops a field that the chart does not know, without a word."""
    file = root / "config" / "deploy" / "kubernetes" / "values.yaml"
    values = _yaml(file)
    assert values.keys() == CHART.keys()
    for name, fields in CHART.items():
        assert fields is None or values[name].keys() <= fields, name
    [deployment] = values["dagster-user-deployments"]["deployments"]
    assert deployment.keys() == DEPLOYMENT
    assert deployment["dagsterApiGrpcArgs"] == ["--module-name", "flyle_sf_assets.definitions"]
    launcher = values["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    assert launcher["config"]["k8sRunLauncher"].keys() == LAUNCHER
    assert values["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    for one in (deployment, values["dagsterDaemon"], values["dagsterWebserver"]):
        assert one["image"]["tag"] == flyle_sf_assets.__version__
        assert one["podSecurityContext"]["runAsNonRoot"]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [dagster] = [one for one in project["dependencies"] if one.startswith("dagster==")]
    told = re.findall(r"--version (\S+)", file.read_text(encoding="utf-8"))
    assert told == [dagster.removeprefix("dagster==")]


def test_the_limits_of_one_run_per_tenant_are_the_same_everywhere(root: Path) -> None:
    """With one of them forgotten, two runs of one tenant would wait for each other's lock."""
    values = _yaml(root / "config" / "deploy" / "kubernetes" / "values.yaml")
    coordinator = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    celery = _yaml(root / "config" / "deploy" / "celery" / "dagster.yaml")
    limits = celery["concurrency"]["runs"]["tag_concurrency_limits"]
    assert coordinator["tagConcurrencyLimits"] == limits
