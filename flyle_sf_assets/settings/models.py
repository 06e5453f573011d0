"""The settings of one tenant as frozen models; the file format is the public contract.

What does not belong here: reading files (``loading.py``), digests and diffs (``versions.py``).
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RELATIONSHIP_LEVELS_MAX = 5
"""Salesforce follows at most five child-to-parent relationships from the root of a query."""

TENANT_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
FIELD_KEY_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
FIELD_PATH_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}$"

BaseObject = Literal["Account", "Opportunity"]


class FlyleType(StrEnum):
    """The types that a custom field of a company can have in Flyle."""

    TEXT = "text"
    URL = "url"
    SINGLE_SELECT = "single_select"
    MULTI_SELECT = "multi_select"
    CHECKBOX = "checkbox"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"


class Operator(StrEnum):
    """What a condition may ask of a field."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    INCLUDES = "includes"
    EXCLUDES = "excludes"
    IS_NULL = "is_null"
    NOT_NULL = "not_null"


class Flow(StrEnum):
    """How the tenant's connection gets its access token."""

    WEB_SERVER = "web_server"
    CLIENT_CREDENTIALS = "client_credentials"
    JWT_BEARER = "jwt_bearer"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SecretRef(_Model):
    """Where a secret is found: an environment variable or a file, never the value itself."""

    env: str | None = None
    file: str | None = None


class Connection(_Model):
    """The org and how to log in to it. Which of the optional parts are needed depends on ``flow``."""

    org_url: str
    flow: Flow
    consumer_key: SecretRef
    consumer_secret: SecretRef | None = None
    username: str | None = None
    private_key: SecretRef | None = None


class OneToOne(_Model):
    """An object of which each record of ``of`` has at most one.

    ``object.lookup`` points at ``of``; paths name it ``as`` (``Account.ContractInfo.Plan__c``).
    """

    object: str
    lookup: str
    of: str
    as_: Annotated[str, Field(alias="as")]


class DateLiteral(_Model):
    """A date that moves with the day, in Salesforce's words: ``TODAY``, ``LAST_N_DAYS:365``."""

    date: str


Scalar = str | bool | DateLiteral
"""A condition's value. Numbers and dates are exact text, as written in the file."""


class Condition(_Model):
    """``field`` compared with ``value``; ``in``-like operators take several values."""

    field: Annotated[str, Field(pattern=FIELD_PATH_PATTERN)]
    op: Operator
    value: Scalar | tuple[Scalar, ...] | None = None


class AnyOf(_Model):
    """Alternatives, of which at least one must hold."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Source(_Model):
    """The base object, the one-to-one objects beside it, and the conditions (all must hold)."""

    object: BaseObject
    one_to_one: tuple[OneToOne, ...] = ()
    conditions: tuple[Condition | AnyOf, ...] = ()


class FieldMapping(_Model):
    """One Salesforce field (``from``, a path) to one custom field (``to``, its key).

    Without ``type`` the first Flyle type that the Salesforce type allows is taken.
    """

    from_: Annotated[str, Field(alias="from", pattern=FIELD_PATH_PATTERN)]
    to: Annotated[str, Field(pattern=FIELD_KEY_PATTERN)]
    label: Annotated[str, Field(min_length=1, max_length=255)]
    type: FlyleType | None = None
    when_blank: Literal["blank", "keep"] = "blank"


class Refresh(_Model):
    """How often: ``every`` as written (``3h``), between one hour and one day."""

    every: str = "3h"

    @property
    def every_s(self) -> int:
        """The interval in seconds."""
        return int(self.every.removesuffix("h")) * 3600


class Guard(_Model):
    """Shares of the companies above which a run is held for approval."""

    max_gone: str = "20%"
    max_blanked: str = "20%"


class ApiBudget(_Model):
    """The share of the org's daily API requests that the link may use."""

    max_share: str = "20%"


class TenantSettings(_Model):
    """Everything that one tenant asked for."""

    tenant: Annotated[str, Field(pattern=TENANT_PATTERN)]
    display_name: str
    plan: str
    time_zone: str = "Asia/Tokyo"
    connection: Connection
    source: Source
    mapping: tuple[FieldMapping, ...] = ()
    refresh: Refresh = Refresh()
    guard: Guard = Guard()
    api_budget: ApiBudget = ApiBudget()
