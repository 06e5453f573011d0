"""``flyle-sf demo``: two tenants linked to a sandbox org, synced through Dagster, shown in its UI.

The sandbox is new each time, and so is everything stored about it: a folder below FLYLE_HOME that
is deleted at the end.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.table import Table

from flyle_sf_assets import private_files
from flyle_sf_assets.cli.applying import apply_opened, print_registrations
from flyle_sf_assets.cli.servers.console import HOST, PORT, console_server
from flyle_sf_assets.cli.servers.dagster_dev import dagster_ui
from flyle_sf_assets.cli.servers.serving import free_port, print_stopping, wait_for_interrupt
from flyle_sf_assets.cli.servers.workers_here import (
    await_first_syncs,
    broker_here,
    workers_here,
)
from flyle_sf_assets.cli.syncing.dagster_run import refresh_in_process
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stderr, to_stdout
from flyle_sf_assets.defs.fleet import SCHEDULES_VARIABLE, STOPPED
from flyle_sf_assets.defs.instance import instance_of
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.installation.shipped import CELERY_DAGSTER_YAML, DEMO_TENANTS
from flyle_sf_assets.sandbox import certificates, samples
from flyle_sf_assets.sandbox.change_feed import ChangeFeed
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.companies.shown import fullest_companies, linked_names
from flyle_sf_assets.tenants.registration import registered_settings

HANDED_ON = ("FLYLE_SUPPORT_CONTACT", "FLYLE_OVERLAP")
"""Variables of the user's environment that apply to a demo as well."""

PLACEHOLDER = "https://sandbox.invalid"
CHANGE_EVERY_S = 10.0
REFRESH_EVERY = "60s"
"""A demo is too short for the hour that a real tenant's interval has at least."""
SHOWN_COMPANIES = 3
SHOWN_FIELDS = 3
SHOWN_CHARACTERS = 24


def run_demo(*, is_once: bool, is_on_workers: bool = False) -> int:
    """The whole demo. With ``is_once`` the result is checked and everything stops automatically.

    ``is_on_workers``: daemon and two Celery workers make every run, also the first ones. Returns
    the exit code: 0, or 1 when the companies differ from the org.
    """
    started = time.perf_counter()
    if is_once and not is_on_workers:
        os.environ[SCHEDULES_VARIABLE] = STOPPED  # it ends before anything could be due
    orgs = {"acme": samples.account_org(), "globex": samples.opportunity_org()}
    console = to_stdout()
    with ExitStack() as stack:
        if is_on_workers:
            stack.enter_context(broker_here())
        opened = stack.enter_context(_linked(orgs, CELERY_DAGSTER_YAML if is_on_workers else None))
        print_registrations(apply_opened(opened))
        log = opened.environment.home / "dagster-dev.log"
        if is_on_workers:
            logs = stack.enter_context(workers_here(opened))
            url = stack.enter_context(dagster_ui(opened, log=log))
            is_right = await_first_syncs(opened, list(orgs))
            _print_first(opened, list(orgs), started)
        else:
            logs = []
            is_right = _sync_here(opened, list(orgs), started)
            url = stack.enter_context(dagster_ui(opened, log=log))
        is_right &= _is_in_step(opened, orgs)
        with demo_console(opened, list(orgs), orgs["globex"]) as console_url:
            console.print(f"Dagster UI: {url}/asset-groups")
            console.print(f"{say('設定コンソール', 'Console')}: {console_url}")
            if is_once:
                console.print("ok" if is_right else "not ok", style="" if is_right else "red")
                return 0 if is_right else 1
            _print_what_happens(url, [log, *logs])
            feeds = [ChangeFeed(org, interval_s=CHANGE_EVERY_S) for org in orgs.values()]
            for feed in feeds:
                feed.start()
            wait_for_interrupt()
            print_stopping(is_kept=False)
            for feed in feeds:
                feed.stop()
    return 0 if is_right else 1


def _sync_here(opened: Installation, tenants: Sequence[str], started: float) -> bool:
    """The first syncs, in this process; returns whether all succeeded."""
    is_right = True
    with instance_of(opened) as instance:
        for tenant in tenants:
            outcome = refresh_in_process(opened, instance, tenant)
            outcome.print()
            is_right &= outcome.exit_code == 0
            _print_companies(opened, tenant)
            if tenant == tenants[0]:
                _print_seconds(started)
    return is_right


def _print_first(opened: Installation, tenants: Sequence[str], started: float) -> None:
    """What the workers' first syncs brought."""
    _print_seconds(started)
    for tenant in tenants:
        _print_companies(opened, tenant)


def _print_seconds(started: float) -> None:
    seconds = time.perf_counter() - started
    to_stdout().print(
        say(f"最初の企業まで {seconds:.1f} 秒。\n", f"First companies after {seconds:.1f} s.\n")
    )


def _is_in_step(opened: Installation, orgs: dict[str, Org]) -> bool:
    """Whether the companies are those of the orgs; prints what is not."""
    problems = [
        problem for tenant, org in orgs.items() for problem in _differences(opened, tenant, org)
    ]
    for problem in problems:
        to_stderr().print(problem, style="red")
    return not problems


def _print_what_happens(url: str, logs: Sequence[Path]) -> None:
    """What the orgs and the schedule do while the demo runs."""
    console = to_stdout()
    console.print(say(f"Dagsterのログ: {logs[0]}", f"Dagster's log: {logs[0]}"), soft_wrap=True)
    for log in logs[1:]:
        console.print(say(f"ワーカーのログ: {log}", f"A worker's log: {log}"), soft_wrap=True)
    console.print(
        say(
            f"組織のデータは{CHANGE_EVERY_S:.0f}秒ごとに変化し、スケジュール refresh_due_tenants が"
            "毎分反映します。\n(FLYLE_REFRESH_EVERY=60s。実際のテナントは1~24時間):",
            f"The orgs change by themselves every {CHANGE_EVERY_S:.0f} s, and the schedule"
            " refresh_due_tenants brings it every minute\n(FLYLE_REFRESH_EVERY=60s: real"
            " tenants choose 1 to 24 hours):",
        )
    )
    console.print(f"  {url}/runs", soft_wrap=True)
    console.print(say("Ctrl-C ですべて停止します。", "Ctrl-C stops everything."))


@contextmanager
def _linked(orgs: dict[str, Org], dagster_yaml: Path | None) -> Iterator[Installation]:
    """A running sandbox, an installation of its own, and settings files that point at it.

    ``dagster_yaml``: Dagster's own settings, when they are not the default.
    """
    given = Environment.from_environment()
    private_files.make_folder(given.home)
    with (
        tempfile.TemporaryDirectory(prefix="demo-", dir=given.home) as folder,
        SandboxServer(
            list(orgs.values()), HOST, port=0, certs=certificates.fresh(HOST, Path(folder))
        ) as server,
    ):
        home = Path(folder)
        _write_settings(home / "config" / "tenants", server.url)
        if dagster_yaml is not None:
            shutil.copyfile(dagster_yaml, home / "config" / "dagster.yaml")
        for tenant, org in orgs.items():
            os.environ[f"{tenant.upper()}_SF_KEY"] = org.consumer_key
            os.environ[f"{tenant.upper()}_SF_SECRET"] = org.consumer_secret
        environment = {
            **{name: os.environ[name] for name in HANDED_ON if name in os.environ},
            "FLYLE_HOME": str(home),
            "FLYLE_CONFIG_DIR": str(home / "config"),
            "FLYLE_SF_CA_FILE": server.ca_file,
            "FLYLE_SF_EXTRA_HOSTS": server.url.removeprefix("https://"),
            "FLYLE_REFRESH_EVERY": REFRESH_EVERY,
            "FLYLE_UI_SAMPLES": "1",  # these orgs hold no personal data
        }
        with open_installation(
            Environment.from_environment(environment), is_durable=False
        ) as opened:
            yield opened


def _write_settings(folder: Path, org_url: str) -> None:
    private_files.make_folder(folder)
    for source in DEMO_TENANTS.glob("*.yaml"):
        text = source.read_text(encoding="utf-8").replace(PLACEHOLDER, org_url)
        (folder / source.name).write_text(text, encoding="utf-8")


def _print_companies(opened: Installation, tenant: str) -> None:
    """A few companies with the most values, with the first fields of the settings."""
    settings = registered_settings(opened, tenant)
    fields = settings.mapping[:SHOWN_FIELDS] if settings else ()
    with opened.database.tenant(tenant) as tx:
        companies = fullest_companies(tx, SHOWN_COMPANIES)
    table = Table(
        title=say(f"{tenant}: {SHOWN_COMPANIES}社", f"{tenant}: {SHOWN_COMPANIES} companies"),
        title_justify="left",
    )
    table.add_column(say("外部ID", "external id"), no_wrap=True)
    for label in (say("企業名", "name"), *(field.label for field in fields)):
        table.add_column(label)
    for one in companies:
        values = [_shown(one.custom_fields.get(field.to)) for field in fields]
        table.add_row(one.external_id, _shown(one.name), *values)
    to_stdout().print(table)


def _shown(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _differences(opened: Installation, tenant: str, org: Org) -> list[str]:
    """Differences between companies and org: which companies there are, and their names."""
    settings = registered_settings(opened, tenant)
    if settings is None:
        return [f"{tenant}: the demo's settings were refused"]
    with opened.database.tenant(tenant) as tx:
        held = linked_names(tx)
    lost = ("Closed Lost",)
    in_org = {
        str(record["Id"]): str(record["Name"])
        for record in org.records(settings.source.object)
        if record.get("StageName") not in lost
    }
    problems = [f"{tenant}: {key} is missing" for key in sorted(in_org.keys() - held.keys())]
    problems += [f"{tenant}: {key} is too many" for key in sorted(held.keys() - in_org.keys())]
    shared = held.keys() & in_org.keys()
    return problems + [
        f"{tenant}: {key} is named {held[key]!r} instead of {in_org[key]!r}"
        for key in sorted(shared)
        if held[key] != in_org[key]
    ]


NOT_LINKED = "initech"
"""The demo's workspace without settings."""


@contextmanager
def demo_console(opened: Installation, tenants: Sequence[str], org: Org) -> Iterator[str]:
    """The demo's console: sample users, and one more workspace to be linked to ``org``."""
    to_try = [
        (Text("Salesforceの組織URL", "Org URL"), f"https://{opened.environment.sf_extra_hosts[0]}"),
        (Text("Consumer Key", "Consumer Key"), org.consumer_key),
        (Text("Consumer Secret", "Consumer Secret"), org.consumer_secret),
    ]
    sample_tenants = [*tenants, NOT_LINKED]
    port = free_port(PORT)
    with console_server(opened, port=port, sample_tenants=sample_tenants, to_try=to_try) as url:
        yield url
