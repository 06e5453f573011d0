"""What commands write down about themselves, searched for what the records of an org hold.

The records hold marked values: texts, a number, a date. Companies, rejected values and the history
may hold them; logs, errors and what is told about a link or a sync may not. What does not belong
here: what the answers are (``mutations.py``).
"""

import contextlib
import io
import logging
import re
from collections.abc import Iterator, Mapping

import structlog

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.flows.tenants import Tenant

MARK = "geheim7734"
"""Stands in every text, e-mail and URL of a record."""
NUMBER = "7734077"
DAY = "1934-07-07"
_MARKED = re.compile(f"{MARK}|{NUMBER}|{DAY}", re.IGNORECASE)

TOLD = ("links", "syncs", "notifications", "sync_progress")
"""Tables of the schema ``flyle`` that tell how a link and its syncs stand."""


def mark_records(org: Org) -> None:
    """Gives the org's accounts and users values that no log may show."""
    for place, account in enumerate(org.ids("Account")):
        org.update(
            "Account",
            account,
            {
                "Name": f"{MARK} 商事 {place}",
                "Phone": f"03-{MARK}-{place}",
                "Website": f"https://{MARK}.example/{place}",
                "Exact_Revenue__c": f"{NUMBER}{place}.25",
                "Founded_On__c": DAY,
            },
        )
    for place, user in enumerate(org.ids("User")):
        org.update("User", user, {"LastName": f"{MARK}{place}", "Department": f"{MARK}部"})


class Overheard:
    """All that was written down while it listened."""

    def __init__(self) -> None:
        self._out = io.StringIO()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Everything on stdout and stderr, and whatever any library logs, at every level."""
        handler = logging.StreamHandler(self._out)
        root, before = logging.getLogger(), logging.getLogger().level
        was_configured = structlog.is_configured()
        configuration = structlog.get_config()
        with contextlib.redirect_stderr(self._out), contextlib.redirect_stdout(self._out):
            logs.configure(level="DEBUG", log_format="json")
            root.addHandler(handler)
            root.setLevel(logging.DEBUG)
            try:
                yield
            finally:
                root.removeHandler(handler)
                root.setLevel(before)
                structlog.reset_defaults()
                if was_configured:
                    structlog.configure(**configuration)

    def take(self) -> str:
        """What was written since the last time."""
        told = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return told


def told_in_tables(tenant: Tenant) -> dict[str, str]:
    """By table, everything that it says about the tenant."""
    return {
        table: str(tenant.query(f"SELECT t::text FROM flyle.{table} t WHERE tenant_id = %s"))  # noqa: S608 - ours
        for table in TOLD
    }


def marked(texts: Mapping[str, str]) -> list[str]:
    """Which of the texts hold a value of a record, each with what stands around the first."""
    found = {name: _MARKED.search(text) for name, text in texts.items()}
    return [
        f"{name}: …{texts[name][max(0, one.start() - 120) : one.end() + 40]}…"
        for name, one in found.items()
        if one is not None
    ]
