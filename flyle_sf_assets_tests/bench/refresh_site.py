"""What refreshes are measured on: an org of many records in a process of its own, and one tenant.

What does not belong here: what is measured (``refresh_cost.py``, ``compared.py``).
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.tenants.registration import register_files

SETTINGS = """
tenant: bench
display_name: bench
plan: enterprise
connection:
  org_url: {url}
  flow: client_credentials
  consumer_key: {{env: BENCH_SF_KEY}}
  consumer_secret: {{env: BENCH_SF_SECRET}}
source:
  object: {base}
mapping:
"""

ACCOUNTS = """
  - {from: AnnualRevenue, to: revenue, label: 売上}
  - {from: NumberOfEmployees, to: employees, label: 従業員規模}
  - {from: Industry, to: industry, label: 業種}
  - {from: Type, to: type, label: 種別}
  - {from: Website, to: website, label: Web}
  - {from: Phone, to: phone, label: 電話}
  - {from: Founded_On__c, to: founded_on, label: 設立}
  - {from: Owner.Name, to: owner, label: 担当}
"""

OPPORTUNITIES = """
  - {from: Amount, to: amount, label: 金額}
  - {from: StageName, to: stage, label: フェーズ}
  - {from: Probability, to: probability, label: 確度}
  - {from: CloseDate, to: close_date, label: 完了予定日}
  - {from: Type, to: type, label: 種別}
  - {from: LeadSource, to: lead_source, label: リードソース}
  - {from: NextStep, to: next_step, label: 次のステップ}
  - {from: IsWon, to: is_won, label: 成立}
  - {from: Product_Lines__c, to: product_lines, label: 製品}
  - {from: Contract_Start__c, to: contract_start, label: 契約開始}
  - {from: Account.Name, to: account, label: 取引先}
  - {from: Account.Industry, to: industry, label: 業種}
  - {from: Account.NumberOfEmployees, to: employees, label: 従業員規模}
  - {from: Account.AnnualRevenue, to: revenue, label: 売上}
  - {from: Account.Website, to: website, label: Web}
  - {from: Account.Phone, to: phone, label: 電話}
"""


@dataclass(frozen=True)
class Load:
    """An org's records, the tenant's mapping, and the columns that a sync reads, by object."""

    accounts: int
    opportunities: int
    mapping: str
    changed_field: str
    columns: dict[str, str]
    shows_only_columns: bool = False
    """Whether field-level security hides every other field that it can hide."""

    @property
    def base(self) -> str:
        """The base object."""
        return "Opportunity" if self.opportunities else "Account"

    @property
    def rows(self) -> int:
        """Records of the base object."""
        return self.opportunities or self.accounts

    def settings(self, url: str) -> str:
        """The settings file."""
        return SETTINGS.format(url=url, base=self.base) + self.mapping


def accounts_load(rows: int) -> Load:
    """Accounts and their owners, eight mapped fields."""
    columns = (
        "Id, Name, AnnualRevenue, NumberOfEmployees, Industry, Type, Website, Phone, Founded_On__c,"
        " OwnerId, SystemModstamp"
    )
    return Load(rows, 0, ACCOUNTS, "NumberOfEmployees", {"Account": columns})


def opportunities_load(rows: int, accounts: int | None = None) -> Load:
    """Opportunities and accounts, 16 mapped fields, six of them the account's.

    Half as many accounts, unless told.
    """
    of_account = (
        "Id, Name, Industry, NumberOfEmployees, AnnualRevenue, Website, Phone, SystemModstamp"
    )
    own = (
        "Id, Name, Amount, StageName, Probability, CloseDate, Type, LeadSource, NextStep, IsWon,"
        " Product_Lines__c, Contract_Start__c, AccountId, SystemModstamp"
    )
    columns = {"Account": of_account, "Opportunity": own}
    return Load(accounts or rows // 2, rows, OPPORTUNITIES, "Probability", columns)


def serve_org(pipe: Connection, load: Load) -> None:
    """The org's own process: a big org, and changes of the base object on request."""
    org = samples.big_org(
        "bench", accounts=load.accounts, opportunities=load.opportunities, org_number=9
    )
    if load.shows_only_columns:
        _hide_other_fields(org, load)
    with SandboxServer([org]) as server:
        keys = org.consumer_key, org.consumer_secret, org.issue_refresh_token()
        pipe.send((server.url, server.ca_file, *keys))
        while (changed := pipe.recv()) is not None:
            step = max(1, load.rows // changed) if changed else 1
            for number, record in enumerate(org.ids(load.base)[::step][:changed]):
                org.update(load.base, record, {load.changed_field: 1 + number % 99})
            time.sleep(1.1)
            pipe.send(org.usage.total)


def _hide_other_fields(org: Org, load: Load) -> None:
    for name, columns in load.columns.items():
        for field in org.catalog.objects[name.lower()].fields:
            can_be_hidden = field.nillable and not field.system
            if can_be_hidden and field.name not in columns.split(", "):
                org.hide_field(name, field.name)


@contextmanager
def running_org(load: Load) -> Iterator[tuple[Connection, tuple[str, str, str, str, str]]]:
    """The org's process; yields the pipe to it and how to reach it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=serve_org, args=(theirs, load), daemon=True)
    child.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(None)
        child.join(10)


def environment_of(home: Path, url: str, ca_file: str) -> Environment:
    """An installation below ``home`` that trusts the sandbox at that address."""
    return Environment.from_environment(
        {
            "FLYLE_HOME": str(home),
            "FLYLE_CONFIG_DIR": str(home / "config"),
            "FLYLE_SF_CA_FILE": ca_file,
            "FLYLE_SF_EXTRA_HOSTS": url.removeprefix("https://"),
        }
    )


@contextmanager
def installed(load: Load) -> Iterator[tuple[Installation, Connection]]:
    """A new installation with one tenant whose org has that load; the pipe to the org."""
    with tempfile.TemporaryDirectory() as folder, running_org(load) as (pipe, reached):
        url, ca_file, key, secret, refresh_token = reached
        home = Path(folder)
        (home / "config" / "tenants").mkdir(parents=True)
        (home / "config" / "tenants" / "bench.yaml").write_text(load.settings(url))
        os.environ |= {"BENCH_SF_KEY": key, "BENCH_SF_SECRET": secret}
        os.environ["BENCH_SF_REFRESH_TOKEN"] = refresh_token
        environment = environment_of(home, url, ca_file)
        with open_installation(environment) as installation:
            register_files(installation)
            yield installation, pipe
