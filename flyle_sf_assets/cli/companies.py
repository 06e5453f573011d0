"""``flyle-sf companies``: the tenant's companies by name, for people, spreadsheets and scripts.

What does not belong here: searching (``store/companies/search.py``) and one company's changes
(``history.py``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import listing, printable, to_stderr, to_stdout, write
from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.console.csv_cells import csv_line
from flyle_sf_assets.console.labels import COMPANY_STATUSES
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.store.companies.counts import companies_of
from flyle_sf_assets.store.companies.search import FoundCompany, search_companies
from flyle_sf_assets.tenants.registration import not_registered, registered_settings

SHOWN = 50
PAGE_ROWS = 1_000
COLUMNS = ("external_id", "name", "status", "status_reason", "updated_at")


@dataclass(frozen=True, slots=True)
class CompanyList:
    """Which companies to list: by a part of the name or an id, by status, at most ``limit``."""

    opened: Installation
    tenant: str
    search: str = ""
    status: CompanyStatus | None = None
    limit: int | None = None

    def rows(self) -> Iterator[FoundCompany]:
        """The companies by name; read in pages, each a transaction."""
        return islice(self._all(), self.limit)

    def print(self) -> None:
        """A table, and how to see more."""
        console = to_stdout()
        limit = self.limit or SHOWN
        rows = list(islice(self._all(limit + 1), limit + 1))
        shown = rows[:limit]
        if not shown:
            console.print(say("該当する企業はありません。", "No company matches."))
            return
        table = listing(fills=console.is_terminal)
        table.add_column(say("外部ID", "external id"), no_wrap=True)
        table.add_column(say("企業名", "name"), no_wrap=True, ratio=1)
        table.add_column(say("状態", "state"), no_wrap=True)
        table.add_column(say("更新日", "updated"), no_wrap=True)
        for one in shown:
            status = COMPANY_STATUSES[one.status].in_language(language())
            table.add_row(one.external_id, printable(one.name), status, local(one.updated_at))
        console.print(table)
        self._print_rest(shown, has_more=len(rows) > len(shown))

    def print_csv(self) -> None:
        """All of them as CSV on stdout (UTF-8), statuses and times as scripts read them."""
        lines = [csv_line(*COLUMNS)]
        for one in self.rows():
            if len(lines) == PAGE_ROWS:
                write("".join(lines))
                lines = []
            at, reason = one.updated_at.isoformat(), one.status_reason or ""
            lines.append(csv_line(one.external_id, one.name, one.status, reason, at))
        write("".join(lines))

    def json_text(self) -> str:
        """The one JSON object of ``--json``."""
        found = [
            {
                "external_id": one.external_id,
                "name": one.name,
                "status": one.status,
                "status_reason": one.status_reason,
                "updated_at": one.updated_at.isoformat(),
            }
            for one in self.rows()
        ]
        return json.dumps({"tenant": self.tenant, "companies": found}, ensure_ascii=False)

    def _print_rest(self, shown: list[FoundCompany], *, has_more: bool) -> None:
        """How many there are, and the commands that go on from here; not part of the result."""
        count = f"{len(shown):,}"
        if not self.search and self.status is None:
            with self.opened.database.tenant(self.tenant) as tx:
                total = f"{sum(companies_of(tx).values()):,}"
            counted = say(f"{total}件中{count}件。", f"{count} of {total} companies.")
        elif has_more:
            counted = say(f"先頭の{count}件。", f"The first {count}.")
        else:
            counted = say(f"{count}件。", f"{count} found.")
        more = say("続き: --limit、--search、--csv。", "More: --limit, --search, --csv. ")
        one = say("1社の履歴:", "One company's changes:")
        console = to_stderr()
        console.print(f"{counted} {more if has_more else ''}".strip())
        console.print(f"{one} flyle-sf history {self.tenant} {shown[0].external_id}")

    def _all(self, page_rows: int = PAGE_ROWS) -> Iterator[FoundCompany]:
        text = self.search.strip()
        wanted = to_18(text) if is_record_id(text) else text
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            with self.opened.database.tenant(self.tenant) as tx:
                page = search_companies(
                    tx, wanted, status=self.status, after=after, limit=min(page_rows, PAGE_ROWS)
                )
            yield from page.companies
            after = page.next


def company_list(
    opened: Installation,
    tenant: str,
    *,
    search: str = "",
    status: CompanyStatus | None = None,
    limit: int | None = None,
) -> CompanyList:
    """The list of a tenant's companies; NotConnected for a tenant without settings."""
    if registered_settings(opened, tenant) is None:
        raise not_registered(tenant)
    return CompanyList(opened, tenant, search, status, limit)
