"""The error tree: what was tried, what came back, the remedy, and whether a retry can help.

::

    FlyleError
    ├── SettingsInvalid        exit 2   what the tenant asked for cannot be done: every problem
    ├── UsageError             exit 2   the command or its environment is wrong
    ├── NotFound               exit 1   what was named is not there
    ├── HeldForApproval        exit 3   the mass-change guard waits for a person
    ├── NotPermitted           exit 4   a right or a plan is missing, or the tenant is not connected
    │   ├── NotConnected
    │   └── PlanNotEligible
    ├── Postponed              exit 5   retryable: nothing is wrong here, only not now
    │   ├── OrgUnavailable              network, 5xx, maintenance
    │   └── ApiBudgetSpent              the org's daily requests are used up
    ├── SalesforceRefused      exit 1   permanent: a person must act
    │   ├── FieldRefused                a field is gone or hidden (INVALID_FIELD)
    │   └── ObjectRefused               an object is gone or hidden (INVALID_TYPE)
    ├── IncompleteRead         exit 1   retryable: a read that broke off is never an empty read
    │   └── AnswerTooLarge              more than is ever taken
    ├── GateBroken             exit 1   what was about to be committed breaks a rule of ours
    ├── StoreError             exit 1
    │   ├── StoreUnavailable            retryable
    │   ├── DiskFull                    retryable: space may be made, by us or by a person
    │   ├── StorageReadOnly             a person must make the place writable
    │   ├── RecordFileDamaged           retryable: its dataset is read again from Salesforce
    │   └── GenerationConflict          retryable: someone else committed first
    ├── RunLost                exit 1   retryable: a run ended without saying why
    └── Unforeseen             exit 1   retryable: no rule of ours knows it; the log has the place

What does not belong here: matching Salesforce's error strings (``salesforce/errors/rules.py``)
and deciding what a run does about an error (``sync``, ``defs``).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages of the product."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        """The Japanese text for ``ja`` and its variants, else the English one."""
        return self.ja if language.lower().startswith("ja") else self.en


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a warning, in a tenant's settings.

    ``path`` names the place in the document (``mapping[2].from``), ``line`` the line of the
    file (1-based; None when the settings did not come from a file).
    """

    code: str
    path: str
    line: int | None
    message: Text
    remedy: Text
    severity: Literal["error", "warning"] = "error"
    file: str | None = None

    @property
    def place(self) -> str:
        """``acme.yaml:12 mapping[2].from`` as far as it is known."""
        where = f"{self.file or ''}:{self.line}" if self.line else (self.file or "")
        return " ".join(part for part in (where, self.path) if part)


class FlyleError(Exception):
    """Base of all errors that a person may read.

    ``code`` is stable and machine-readable; ``retryable`` says whether trying again without
    anybody acting can help. ``incident`` is an id that finds the place in the log, where the
    error was made from one that nobody foresaw.

    ``tried`` and ``remedy`` are for people, in both languages; ``came_back`` is what the other side
    said, in English, without secrets or customers' values. The exit code of a command is that of
    the error's class. Errors can be pickled: they cross process borders in Dagster.

    >>> error = NotFound(
    ...     "company_unknown",
    ...     tried=Text("企業を探しました", "Looked for the company"),
    ...     came_back="acme has no company 001.",
    ...     remedy=Text("IDを確認してください", "Check the id"),
    ... )
    >>> error.code, error.exit_code, error.retryable
    ('company_unknown', 1, False)
    >>> print(error.in_language("en"))
    Looked for the company → acme has no company 001. Remedy: Check the id
    """

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    incident: str | None = None

    def __init__(self, code: str, *, tried: Text, came_back: str, remedy: Text) -> None:
        self.code = code
        self.tried = tried
        self.came_back = came_back
        self.remedy = remedy
        super().__init__(self.in_language("en"))

    def in_language(self, language: str) -> str:
        """Three sentences: what was tried, what came back, what to do."""
        tried, remedy = self.tried.in_language(language), self.remedy.in_language(language)
        came_back = self.came_back + (f" ({self.incident})" if self.incident else "")
        if language.lower().startswith("ja"):
            return f"{tried} → {came_back} 対処: {remedy}"
        return f"{tried} → {came_back} Remedy: {remedy}"

    def __str__(self) -> str:
        return f"[{self.code}] {self.in_language('en')}\n[{self.code}] {self.in_language('ja')}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders in Dagster; keyword-only arguments need this.
        # The last item is what a class keeps besides (the field of a FieldRefused).
        arguments = (type(self), self.code, self.tried, self.came_back, self.remedy)
        return (_rebuild, arguments, self.__dict__)


def _rebuild(
    kind: type[FlyleError], code: str, tried: Text, came_back: str, remedy: Text
) -> FlyleError:
    error = kind.__new__(kind)
    FlyleError.__init__(error, code, tried=tried, came_back=came_back, remedy=remedy)
    return error


class SettingsInvalid(FlyleError):
    """The settings cannot be used; ``problems`` holds every one of them, not only the first.

    >>> missing = Text("to がありません", "to is missing")
    >>> write = Text("to を書いてください", "Write to")
    >>> problem = Problem("to_missing", "mapping[0]", 9, missing, write, file="acme.yaml")
    >>> SettingsInvalid("acme", (problem,)).came_back
    'acme.yaml:9 mapping[0]: to is missing'
    """

    exit_code = 2

    def __init__(self, tenant: str, problems: tuple[Problem, ...]) -> None:
        self.tenant = tenant
        self.problems = problems
        errors = [problem for problem in problems if problem.severity == "error"]
        super().__init__(
            "settings_invalid",
            tried=Text(
                f"テナント {tenant} の設定を読み込みました", f"Read the settings of {tenant}"
            ),
            came_back="; ".join(f"{p.place}: {p.message.en}" for p in errors) or "no detail",
            remedy=Text(
                " / ".join(p.remedy.ja for p in errors) or "設定を確認してください",
                " / ".join(p.remedy.en for p in errors) or "Look at the settings",
            ),
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (SettingsInvalid, (self.tenant, self.problems))


class UsageError(FlyleError):
    """The command, its arguments or its environment are wrong."""

    exit_code = 2


class NotFound(FlyleError):
    """What the command names is not there: a company, a sync."""


class HeldForApproval(FlyleError):
    """The mass-change guard holds what came; ``flyle-sf approve`` lets it through."""

    exit_code = 3


class NotPermitted(FlyleError):
    """A right is missing, on the Salesforce or on the Flyle side."""

    exit_code = 4


class NotConnected(NotPermitted):
    """The tenant has no usable connection: never connected, revoked, or a wrong key."""


class PlanNotEligible(NotPermitted):
    """The tenant's plan does not include the Salesforce link."""


class Postponed(FlyleError):
    """Nothing is wrong with the tenant; it is tried again later."""

    exit_code = 5
    retryable = True


class OrgUnavailable(Postponed):
    """The org does not answer, or answers that it cannot serve now."""


class ApiBudgetSpent(Postponed):
    """The org's daily API requests are used up, or our share of them."""


class SalesforceRefused(FlyleError):
    """Salesforce answered that it will not do this; asking again gives the same answer."""


class FieldRefused(SalesforceRefused):
    """A field that was asked for does not exist or is hidden from the connected user.

    ``field`` and ``object`` name it as far as Salesforce said.
    """

    field: str | None = None
    object: str | None = None


class ObjectRefused(SalesforceRefused):
    """An object that was asked for does not exist or is hidden from the connected user.

    ``object`` names it as far as Salesforce said.
    """

    object: str | None = None


class IncompleteRead(FlyleError):
    """Fewer rows or bytes came than were announced; nothing of it is kept."""

    retryable = True


class AnswerTooLarge(IncompleteRead):
    """An answer went beyond a bound; asking for the same at once would bring the same again."""


class GateBroken(FlyleError):
    """What was about to be committed breaks a rule of the companies; nothing of it is kept."""


class StoreError(FlyleError):
    """PostgreSQL or the lake would not do what was asked."""


class StoreUnavailable(StoreError):
    """PostgreSQL or the lake cannot be reached."""

    retryable = True


class RecordFileDamaged(StoreError):
    """A record file is lost, or is not what was written.

    ``path`` is its path inside the lake, ``reason`` what is wrong with it, in English.
    """

    retryable = True
    path: str = ""
    reason: str = ""


class GenerationConflict(StoreError):
    """Another process committed this dataset first; the work is done again on top of it."""

    retryable = True


class DiskFull(StoreError):
    """A disk of ours, or PostgreSQL's, has no space left or a quota is used up."""

    retryable = True


class StorageReadOnly(StoreError):
    """A place that must be written to cannot be: read-only, or another account's."""


class RunLost(FlyleError):
    """A run ended without saying how: killed, out of memory, its machine gone."""

    retryable = True


class Unforeseen(FlyleError):
    """No rule of ours knows what happened; ``incident`` finds the place in the log."""

    retryable = True
