"""What real orgs were recorded to answer, and what the product makes of it.

`recorded_document` writes the rows into docs/conformance.md between their markers, and
``test_recorded.py`` compares them with the code. An `ErrorRow` names an answer that the sandbox can
be told to give; a `FactRow` names the test that shows what the product makes of the fact. Run as a
script, it rewrites its part of the page.

What does not belong here: answers that are documented or assumed (the cases of this suite).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from flyle_sf_assets.sandbox.recorded_answers import (  # noqa: E402 - needs the path
    RECORDED_ANSWERS,
    RecordedAnswer,
)
from flyle_sf_assets_tests.conformance.recorded_facts import (  # noqa: E402 - as above
    METADATA_FACTS,
    FactRow,
)

DOCUMENT = ROOT / "docs" / "conformance.md"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_SHORT = "jwt_bearer"

Retry = Literal["in seconds", "a new token, once", "later", "by a person"]
"""``later``: the run is over and comes back by itself; ``by a person``: it stops until then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Error class, code, and who or what helps."""

    kind: str
    code: str
    retry: Retry

    def __str__(self) -> str:
        return f"{self.kind} `{self.code}`, {self.retry}"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """``answer`` is the sandbox's name of it; ``flow`` the ``grant_type`` that got it, if one did.

    ``translated`` is the verdict on the same answer with Japanese words; None: the same.
    """

    answer: str
    source: tuple[str, ...]
    verdict: Verdict
    translated: Verdict | None = None
    flow: str = ""

    @property
    def recorded(self) -> RecordedAnswer:
        """Status, code and words."""
        return RECORDED_ANSWERS[self.answer]

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.answer}-{self.flow.rpartition(':')[2]}".rstrip("-")


def _person(kind: str, code: str) -> Verdict:
    return Verdict(kind, code, "by a person")


_UNCLEAR = Verdict("NotConnected", "grant_unclear", "in seconds")
_PROGRESS = Verdict("OrgUnavailable", "login_in_progress", "in seconds")
_SLOW = Verdict("OrgUnavailable", "transaction_security_slow", "in seconds")
_NOT_INSTALLED = _person("NotPermitted", "app_not_installed")
_MOVED = _person("NotConnected", "org_moved")
_TOKEN_SOURCES = (
    "segmentio/action-destinations#2300",
    "forcedotcom/sfdx-core#1342",
)

ERRORS: tuple[ErrorRow, ...] = (
    ErrorRow("login_in_progress", _TOKEN_SOURCES, _PROGRESS, _UNCLEAR, "refresh_token"),
    ErrorRow("login_in_progress", _TOKEN_SOURCES, _PROGRESS, _UNCLEAR, "client_credentials"),
    ErrorRow("login_in_progress", _TOKEN_SOURCES, _PROGRESS, _UNCLEAR, JWT),
    ErrorRow(
        "session_not_for_rest",
        (
            "simple-salesforce/simple-salesforce#422",
            "jsforce/jsforce#1301",
            "NangoHQ/nango#4344",
        ),
        _person("NotPermitted", "access_restricted"),
        Verdict("NotConnected", "session_refused", "a new token, once"),
    ),
    ErrorRow(
        "app_not_installed",
        ("Damecek/force-navigator-reloaded",),
        _NOT_INSTALLED,
        _person("NotConnected", "client_refused"),
        "authorization_code",
    ),
    ErrorRow("app_not_installed", ("Damecek/force-navigator-reloaded",), _NOT_INSTALLED, None, JWT),
    ErrorRow("app_not_approved", ("forcedotcom/SalesforceMobileSDK-Android#2759",), _NOT_INSTALLED),
    ErrorRow("app_not_found", ("PipedreamHQ/pipedream#21557",), _NOT_INSTALLED),
    ErrorRow(
        "app_of_other_org",
        ("forcedotcom/mcp-hosted#10",),
        _person("NotPermitted", "app_of_other_org"),
    ),
    ErrorRow(
        "assertion_invalid",
        ("frankkessler/salesforce-laravel-oauth2-rest#68",),
        _person("NotConnected", "assertion_refused"),
        _UNCLEAR,
        JWT,
    ),
    ErrorRow(
        "audience_invalid",
        ("omniphx/forrest#302", "forcedotcom/cli#3325"),
        _person("NotConnected", "assertion_refused"),
        _UNCLEAR,
        JWT,
    ),
    ErrorRow(
        "client_credentials_off",
        ("amazon-connect/amazon-connect-salesforce-cti",),
        _person("NotConnected", "flow_disabled"),
        _UNCLEAR,
        "client_credentials",
    ),
    ErrorRow(
        "refresh_token_dead",
        (),
        _person("NotConnected", "grant_refused"),
        _UNCLEAR,
        "refresh_token",
    ),
    ErrorRow("transaction_security", ("airbytehq/airbyte#26520",), _SLOW),
    ErrorRow("transaction_security_403", ("airbytehq/airbyte#26520",), _SLOW),
    ErrorRow(
        "password_expired",
        ("ForceCLI/force#713",),
        _person("NotConnected", "password_expired"),
    ),
    ErrorRow(
        "url_not_reset",
        ("amazon-connect/amazon-connect-salesforce-lambda#12", "forcedotcom/cli#3026"),
        _MOVED,
    ),
    ErrorRow("url_not_reset_404", (), _MOVED),
    ErrorRow(
        "too_many_ids",
        ("singer-io/tap-salesforce#98", "PipedreamHQ/pipedream#21687"),
        _person("NotPermitted", "view_all_missing"),
    ),
    ErrorRow(
        "query_not_supported",
        ("airbytehq/airbyte#26520",),
        _person("SalesforceRefused", "query_not_supported"),
    ),
    ErrorRow("job_gone", (), Verdict("IncompleteRead", "job_gone", "later")),
    ErrorRow(
        "job_crashed", ("airbytehq/airbyte",), Verdict("IncompleteRead", "job_crashed", "later")
    ),
)

FACTS: tuple[FactRow, ...] = (
    FactRow(
        "a JWT answer has access_token, scope, instance_url, id and token_type only",
        ("SFDO-Tooling/CumulusCI",),
        "only access_token and instance_url are required; the time comes from the Date header",
        "salesforce/tokens/test_jwt_bearer.py::test_an_answer_of_the_five_recorded_members_is_enough",
    ),
    FactRow(
        "id is on login.salesforce.com or test.salesforce.com, not on the org's own host",
        ("SFDO-Tooling/CumulusCI",),
        "only its path is read; without it the org is told by the token's first 15 characters",
        "salesforce/tokens/test_access_tokens.py::test_the_org_is_told_by_the_token_when_id_is_missing",
    ),
    FactRow(
        'a Bulk job ends Failed with "Unexpected exception encountered in query processing"',
        ("airbytehq/airbyte",),
        "the same rows are read over REST within the same read",
        "salesforce/test_bulk_crashed.py::test_a_job_that_broke_is_read_over_rest",
    ),
    *METADATA_FACTS,
)


def recorded_document(text: str) -> str:
    """The page with its recorded part brought up to date."""
    begin, end = "<!-- recorded: begin -->", "<!-- recorded: end -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    assert rest, f"no {begin}"
    assert tail, f"no {end}"
    return f"{head}{begin}\n{_part()}\n{end}{tail}"


def _part() -> str:
    lines = [
        f"{len(ERRORS) + len(FACTS)} recorded answers.",
        "",
        "| recorded answer | source | what the product makes of it | with Japanese words |",
        "|---|---|---|---|",
        *(_error_line(row) for row in ERRORS),
        "",
        "| recorded fact | source | what the product makes of it | test |",
        "|---|---|---|---|",
        *(
            f"| {_cell(row.answer)} | {_sources(row.source)} | {_cell(row.made)} | `{row.test}` |"
            for row in FACTS
        ),
    ]
    return "\n".join(lines)


def _error_line(row: ErrorRow) -> str:
    recorded = row.recorded
    status = "callback" if recorded.way == "callback" else f"{recorded.status}"
    where = "Bulk job Failed" if recorded.way == "job" else f"{status} `{recorded.code}`"
    flow = f" ({JWT_SHORT if row.flow == JWT else row.flow})" if row.flow else ""
    answer = f'{where}{flow} "{_cell(recorded.english)}"'
    translated = "the same" if row.translated is None else str(row.translated)
    return f"| {answer} | {_sources(row.source)} | {row.verdict} | {translated} |"


def _sources(sources: Sequence[str]) -> str:
    """A repository, or an issue of it; none: reported without a place that we could open."""
    if not sources:
        return "reported"
    links = []
    for source in sources:
        repository, _, number = source.partition("#")
        address = f"https://github.com/{repository}" + (f"/issues/{number}" if number else "")
        links.append(f"[{source}]({address})")
    return "<br>".join(links)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    DOCUMENT.write_text(recorded_document(DOCUMENT.read_text("utf-8")), "utf-8")
