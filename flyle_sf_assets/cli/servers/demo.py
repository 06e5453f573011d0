"""``flyle-sf demo``: two tenants linked to a sandbox org, synced through Dagster, shown in its UI.

The sandbox is new each time, and so is everything stored about it: a folder below FLYLE_HOME that
is deleted at the end.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.table import Table

from flyle_sf_assets import private_files
from flyle_sf_assets.cli.applying import apply_opened, print_registrations
from flyle_sf_assets.cli.servers.console import HOST, PORT, console_server
from flyle_sf_assets.cli.servers.dagster_dev import UI_PORT, dagster_ui
from flyle_sf_assets.cli.servers.serving import free_port, print_stopping, wait_for_interrupt
from flyle_sf_assets.cli.syncing import refresh_in_process
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stderr, to_stdout
from flyle_sf_assets.defs.fleet import SCHEDULES_VARIABLE, STOPPED
from flyle_sf_assets.defs.instance import instance_of
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.installation.shipped import DEMO_TENANTS
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


def run_demo(*, is_once: bool) -> int:
    """The whole demo. With ``is_once`` the result is checked and everything stops automatically.

    Returns the exit code: 0, or 1 when the companies differ from the org.
    """
    started = time.perf_counter()
    if is_once:
        os.environ[SCHEDULES_VARIABLE] = STOPPED  # it ends before anything could be due
    orgs = {"acme": samples.account_org(), "globex": samples.opportunity_org()}
    console = to_stdout()
    with _linked(orgs) as opened:
        print_registrations(apply_opened(opened))
        outcomes = []
        with instance_of(opened) as instance:
            for tenant in orgs:
                outcomes.append(refresh_in_process(opened, instance, tenant))
                outcomes[-1].print()
                _print_companies(opened, tenant)
                if len(outcomes) == 1:
                    seconds = time.perf_counter() - started
                    console.print(
                        say(
                            f"最初の企業まで {seconds:.1f} 秒。\n",
                            f"First companies after {seconds:.1f} s.\n",
                        )
                    )
        problems = [
            problem for tenant, org in orgs.items() for problem in _differences(opened, tenant, org)
        ]
        for problem in problems:
            to_stderr().print(problem, style="red")
        is_right = not problems and all(outcome.exit_code == 0 for outcome in outcomes)
        log = opened.environment.home / "dagster-dev.log"
        with (
            dagster_ui(opened, port=free_port(UI_PORT), log=log) as url,
            demo_console(opened, list(orgs), orgs["globex"]) as console_url,
        ):
            console.print(f"Dagster UI: {url}/asset-groups")
            console.print(f"{say('設定コンソール', 'Console')}: {console_url}")
            if is_once:
                console.print("ok" if is_right else "not ok", style="" if is_right else "red")
                return 0 if is_right else 1
            _print_what_happens(url, log)
            feeds = [ChangeFeed(org, interval_s=CHANGE_EVERY_S) for org in orgs.values()]
            for feed in feeds:
                feed.start()
            wait_for_interrupt()
            print_stopping(is_kept=False)
            for feed in feeds:
                feed.stop()
    return 0 if is_right else 1


def _print_what_happens(url: str, log: Path) -> None:
    """What the orgs and the schedule do while the demo runs."""
    console = to_stdout()
    console.print(say(f"Dagsterのログ: {log}", f"Dagster's log: {log}"), soft_wrap=True)
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
def _linked(orgs: dict[str, Org]) -> Iterator[Installation]:
    """A running sandbox, an installation of its own, and settings files that point at it."""
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
