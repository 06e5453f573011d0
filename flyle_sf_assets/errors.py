"""The error tree: what was tried, what came back, the remedy, and whether a retry can help.

::

    FlyleError
    ├── SettingsInvalid        exit 2   what the tenant asked for cannot be done: every problem
    ├── UsageError             exit 2   the command or its environment is wrong
    ├── NotFound               exit 1   what was named does not exist
    ├── HeldForApproval        exit 3   the mass-change guard waits for a person
    ├── NotPermitted           exit 4   a right or a plan is missing, or the tenant is not connected
    │   ├── NotConnected
    │   └── PlanNotEligible
    ├── Postponed              exit 5   retryable: nothing is wrong here, only not now
    │   ├── OrgUnavailable              network, 5xx, maintenance
    │   └── ApiBudgetSpent              the org's daily requests are used up
    ├── SalesforceRefused      exit 1   permanent: a person must act
    │   ├── FieldRefused                a field is missing or hidden (INVALID_FIELD)
    │   └── ObjectRefused               an object is missing or hidden (INVALID_TYPE)
    ├── IncompleteRead         exit 1   retryable: an interrupted read is never an empty read
    │   └── AnswerTooLarge              more than is ever read
    ├── GateBroken             exit 1   a staged dataset breaks a rule of the product
    ├── StoreError             exit 1
    │   ├── StoreUnavailable            retryable
    │   ├── DiskFull                    retryable: space may be freed, by us or by a person
    │   ├── StorageReadOnly             a person must make the storage writable
    │   ├── RecordFileDamaged           retryable: its dataset is read again from Salesforce
    │   └── GenerationConflict          retryable: another process committed first
    ├── RunLost                exit 1   retryable: a run ended without a reported cause
    └── Unforeseen             exit 1   retryable: no rule of ours covers it; the log has the place
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages of the product."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        """The Japanese text for ``ja`` and its variants, else the English one."""
        return self.ja if language.lower().startswith("ja") else self.en

    def __format__(self, _: str) -> str:
        raise TypeError("a text in a text: say in which language, .ja or .en")

    @staticmethod
    def quoted(answer: object) -> "Text":
        """What another system said: data, in its own language, between quotation marks.

        >>> Text.quoted("INVALID_FIELD").ja
        '「INVALID_FIELD」'
        """
        return Text(f"「{answer}」", f"“{answer}”")


def sentences(*parts: Text) -> Text:
    """The parts one after the other, each with one full stop, whether it has one or not.

    >>> sentences(Text("失敗しました", "It failed."), Text("直してください。", "Correct it")).ja
    '失敗しました。直してください。'
    """
    return Text(
        "".join(_ended(part.ja, "。", "。.!?！？") for part in parts),
        " ".join(_ended(part.en, ".", ".!?") for part in parts),
    )


def _ended(text: str, stop: str, stops: str) -> str:
    text = text.rstrip()
    return text + stop if text and text[-1] not in stops else text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a warning, in a tenant's settings.

    ``path`` names the place in the document (``mapping[2].from``), ``line`` the line of the
    file (1-based; None as long as the settings' file is not known, or when they come from no file).
    """

    code: str
    path: str
    message: Text
    remedy: Text
    line: int | None = None
    severity: Literal["error", "warning"] = "error"
    file: str | None = None

    @property
    def place(self) -> str:
        """``acme.yaml:12 mapping[2].from``, or the part of it that is known."""
        where = f"{self.file or ''}:{self.line}" if self.line else (self.file or "")
        return " ".join(part for part in (where, self.path) if part)


class FlyleError(Exception):
    """Base of all errors that a person may read.

    ``code`` is stable and machine-readable. ``retryable``: a retry can help without action of a
    person; ``lasts``: one within minutes would get the same answer. ``incident`` is the id of the
    log entry, when the error was made from an unforeseen exception.

    ``tried``, ``came_back`` and ``remedy`` are for people, without secrets or customers' values.
    ``tried`` says what was attempted ("Tried to …", 「…ようとしました」), since it did not succeed;
    what another system answered is a `Text.quoted` in ``came_back``. Errors can be pickled: Dagster
    passes them between processes.

    >>> error = NotFound(
    ...     "company_unknown",
    ...     tried=Text("企業を表示しようとしました", "Tried to show the company"),
    ...     came_back=Text("その企業はありません", "There is no such company"),
    ...     remedy=Text("IDを確認してください", "Check the id"),
    ... )
    >>> error.code, error.exit_code, error.retryable
    ('company_unknown', 1, False)
    >>> print(error.in_language("en"))
    Tried to show the company → There is no such company. Remedy: Check the id
    """

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    lasts: ClassVar[bool] = False
    incident: str | None = None

    def __init__(self, code: str, *, tried: Text, came_back: Text, remedy: Text) -> None:
        self.code = code
        self.tried = tried
        self.came_back = came_back
        self.remedy = remedy
        super().__init__(self.in_language("en"))

    @property
    def result(self) -> Text:
        """What came back as one sentence, with the id of the log entry, if any."""
        incident = f" ({self.incident})" if self.incident else ""
        return sentences(Text(f"{self.came_back.ja}{incident}", f"{self.came_back.en}{incident}"))

    @property
    def history(self) -> Text:
        """What was tried and what came back of it."""
        return Text(f"{self.tried.ja} → {self.result.ja}", f"{self.tried.en} → {self.result.en}")

    def in_language(self, language: str) -> str:
        """Three sentences: what was tried, what came back, what to do."""
        told = Text(
            f"{self.history.ja}対処: {self.remedy.ja}",
            f"{self.history.en} Remedy: {self.remedy.en}",
        )
        return told.in_language(language)

    def __str__(self) -> str:
        return f"[{self.code}] {self.in_language('en')}\n[{self.code}] {self.in_language('ja')}"

    def __reduce__(self) -> tuple[object, ...]:
        # For keyword-only arguments; the last item is what a class stores in addition.
        arguments = (type(self), self.code, self.tried, self.came_back, self.remedy)
        return (_rebuild, arguments, self.__dict__)


def text_of(written: str) -> Text | None:
    """The text of an error that was stored as ``str(error)``; None for any other text."""
    found = re.fullmatch(r"\[(\w+)\] (.*)\n\[\1\] (.*)", written, re.DOTALL)
    return None if found is None else Text(found[3], found[2])


def _rebuild(
    kind: type[FlyleError], code: str, tried: Text, came_back: Text, remedy: Text
) -> FlyleError:
    error = kind.__new__(kind)
    FlyleError.__init__(error, code, tried=tried, came_back=came_back, remedy=remedy)
    return error


class SettingsInvalid(FlyleError):
    """The settings cannot be used; ``problems`` has every problem, not only the first.

    >>> missing = Text("to がありません", "to is missing")
    >>> write = Text("to を書いてください", "Write to")
    >>> problem = Problem("to_missing", "mapping[0]", missing, write, line=9, file="acme.yaml")
    >>> SettingsInvalid("acme", (problem,)).came_back.en
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
                f"テナント {tenant} の設定を使おうとしました",
                f"Tried to use the settings of {tenant}",
            ),
            came_back=Text(
                "; ".join(f"{p.place}: {p.message.ja}" for p in errors) or "設定が正しくありません",
                "; ".join(f"{p.place}: {p.message.en}" for p in errors) or "They are not valid",
            ),
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
    """What the command names does not exist: a company, a sync."""


class HeldForApproval(FlyleError):
    """The mass-change guard holds the staged dataset; ``flyle-sf approve`` releases it."""

    exit_code = 3


class NotPermitted(FlyleError):
    """A right is missing, on the Salesforce or on the Flyle side."""

    exit_code = 4


class NotConnected(NotPermitted):
    """The tenant has no usable connection: never connected, revoked, or a wrong key."""


class PlanNotEligible(NotPermitted):
    """The tenant's plan does not include the Salesforce link."""


class Postponed(FlyleError):
    """Nothing is wrong with the tenant; the product retries later."""

    exit_code = 5
    retryable = True


class OrgUnavailable(Postponed):
    """The org does not answer, or answers that it cannot serve now."""


class ApiBudgetSpent(Postponed):
    """The org's daily requests, or our share, are used up. ``retry_at`` None: look in an hour."""

    lasts = True
    retry_at: datetime | None = None


class SalesforceRefused(FlyleError):
    """Salesforce refused this; the same request would get the same answer."""


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
    """Fewer rows or bytes arrived than were announced; none of them is stored."""

    retryable = True


class AnswerTooLarge(IncompleteRead):
    """An answer exceeded a limit; an immediate retry would get the same answer."""

    lasts = True


class GateBroken(FlyleError):
    """The staged dataset breaks a rule of the companies; none of it is committed."""


class StoreError(FlyleError):
    """PostgreSQL or the lake refused an operation."""


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
    """Another process committed this dataset first; the work is repeated from its generation."""

    retryable = True


class DiskFull(StoreError):
    """A disk of ours, or PostgreSQL's, has no space left or a quota is used up."""

    retryable = True


class StorageReadOnly(StoreError):
    """Storage that must be writable is not: read-only, or owned by another account."""


class RunLost(FlyleError):
    """A run ended without a reported cause: killed, out of memory, its machine lost."""

    retryable = True


class Unforeseen(FlyleError):
    """No rule of ours covers the exception; ``incident`` finds its entry in the log."""

    retryable = True
