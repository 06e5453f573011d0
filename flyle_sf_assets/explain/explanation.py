"""What is said about one record: a verdict, its reasons, each condition, each mapped field."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.errors import Text, sentences
from flyle_sf_assets.store.companies.search import Company

Verdict = Literal[
    "linked",
    "not_yet_synced",
    "conditions_not_met",
    "deleted",
    "merged",
    "not_visible",
    "other_object",
    "rejected",
    "tenant_not_linked",
]

Why = Literal[
    "same",
    "not_refreshed_yet",
    "rejected",
    "kept_when_blank",
    "rolled_back",
    "frozen",
    "held",
    "no_company",
]
"""Why Flyle's value of a field is what it is, compared with Salesforce's of now."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of the verdict: what is so, and what a person can do.

    ``command`` does the same in a terminal; administrators who have none do not read it.
    """

    code: str
    message: Text
    remedy: Text
    command: str | None = None

    @property
    def remedy_and_command(self) -> Text:
        """For those who have a terminal."""
        if self.command is None:
            return self.remedy
        return sentences(
            self.remedy,
            Text(f"端末では {self.command}", f"In a terminal: {self.command}"),
        )


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """Salesforce's answer to one condition; ``value`` is the record's, None where it is blank."""

    condition: Phrase
    holds: bool
    value: str | None


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """One mapped field: Salesforce's value now and Flyle's, both as shown; "" is blank.

    ``rejected`` is the reason code of a value that is not accepted; ``read_at`` is Salesforce's
    clock up to which the object was read.
    """

    to: str
    label: str
    source: str
    salesforce: str
    flyle: str
    why: Why
    rejected: str | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. ``object`` is the API name, None where the id's prefix is not known."""

    tenant: str
    record_id: str
    object: str | None
    verdict: Verdict
    reasons: tuple[Reason, ...]
    conditions: tuple[ConditionAnswer, ...] = ()
    company: Company | None = None
    fields: tuple[FieldAnswer, ...] = ()
    api_calls: int = 0
