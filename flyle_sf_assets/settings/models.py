"""The settings of one tenant as frozen models; the file format is the public contract.

The models hold types, names and patterns. What else a settings file must obey (a flow needs a
secret, ``to`` only once, …) stands in ``rules.py``.

What does not belong here: reading files (``loading.py``), sentences about what is wrong
(``validation.py``), digests and diffs (``versions.py``).
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from flyle_sf_assets.settings.date_literals import DATE_LITERAL_PATTERN

RELATIONSHIP_LEVELS_MAX = 5
"""Salesforce follows at most five child-to-parent relationships from the root of a query."""

TENANT_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
FIELD_KEY_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
_API_NAME = "[A-Za-z][A-Za-z0-9_]{0,99}"
API_NAME_PATTERN = rf"^{_API_NAME}$"
FIELD_PATH_PATTERN = rf"^{_API_NAME}(\.{_API_NAME}){{0,{RELATIONSHIP_LEVELS_MAX}}}$"
"""Up to six API names joined by dots. A label (``売上高``) or anything else is refused before any
org is asked."""
ORG_URL_PATTERN = r"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/?$"
ENV_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
TEXT_CHARACTERS_MAX = 255
PATH_CHARACTERS_MAX = 4_096
EVERY_PATTERN = r"^([1-9]|1[0-9]|2[0-4])h$"
PERCENT_PATTERN = r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)%$"
ELIGIBLE_PLANS = ("enterprise", "professional")

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
    # Inputs are hidden because pydantic would print a secret that was written by mistake.
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True
    )


class SecretRef(_Model):
    """Where a secret is found: an environment variable or a file, never the value itself."""

    env: Annotated[str, Field(pattern=ENV_NAME_PATTERN)] | None = None
    file: (
        Annotated[str, Field(pattern=r"^[^\x00-\x1f]+$", max_length=PATH_CHARACTERS_MAX)] | None
    ) = None


class Connection(_Model):
    """The org and how to log in to it; ``flow`` decides which optional parts are needed.

    Without ``consumer_key`` it is the one that was entered when the tenant was connected.
    """

    org_url: Annotated[str, Field(pattern=ORG_URL_PATTERN, max_length=TEXT_CHARACTERS_MAX)]
    flow: Flow
    consumer_key: SecretRef | None = None
    consumer_secret: SecretRef | None = None
    username: Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)] | None = None
    private_key: SecretRef | None = None

    @field_validator("org_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")


class OneToOne(_Model):
    """An object of which each record of ``of`` has at most one.

    ``object.lookup`` points at ``of``; paths name it ``as`` (``Account.ContractInfo.Plan__c``).
    """

    object: Annotated[str, Field(pattern=API_NAME_PATTERN)]
    lookup: Annotated[str, Field(pattern=API_NAME_PATTERN)]
    of: Annotated[str, Field(pattern=API_NAME_PATTERN)]
    as_: Annotated[str, Field(alias="as", pattern=API_NAME_PATTERN)]


class DateLiteral(_Model):
    """A date that moves with the day, in Salesforce's words: ``TODAY``, ``LAST_N_DAYS:365``."""

    date: Annotated[str, Field(pattern=DATE_LITERAL_PATTERN)]


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


def _kind_of_condition(value: object) -> Literal["one", "any_of"]:
    has_any = isinstance(value, AnyOf) or (isinstance(value, dict) and "any" in value)
    return "any_of" if has_any else "one"


class Source(_Model):
    """The base object, the one-to-one objects beside it, and the conditions (all must hold)."""

    object: BaseObject
    one_to_one: tuple[OneToOne, ...] = ()
    conditions: tuple[
        Annotated[
            Annotated[Condition, Tag("one")] | Annotated[AnyOf, Tag("any_of")],
            Discriminator(_kind_of_condition),
        ],
        ...,
    ] = ()


class FieldMapping(_Model):
    """One Salesforce field (``from``, a path) to one custom field (``to``, its key).

    Without ``type`` the first Flyle type that the Salesforce type allows is taken.
    """

    from_: Annotated[str, Field(alias="from", pattern=FIELD_PATH_PATTERN)]
    to: Annotated[str, Field(pattern=FIELD_KEY_PATTERN)]
    label: Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
    type: FlyleType | None = None
    when_blank: Literal["blank", "keep"] = "blank"


class Refresh(_Model):
    """How often: ``every`` as written (``3h``), between one hour and one day."""

    every: Annotated[str, Field(pattern=EVERY_PATTERN)] = "3h"

    @property
    def every_s(self) -> int:
        """The interval in seconds."""
        return int(self.every.removesuffix("h")) * 3600


Percent = Annotated[str, Field(pattern=PERCENT_PATTERN)]
"""A share from ``0%`` to ``100%``, as exact text."""


class Guard(_Model):
    """Shares of the companies above which a run is held for approval."""

    max_gone: Percent = "20%"
    max_blanked: Percent = "20%"


class ApiBudget(_Model):
    """The share of the org's daily API requests that the link may use."""

    max_share: Percent = "20%"


class TenantSettings(_Model):
    """Everything that one tenant asked for."""

    tenant: Annotated[str, Field(pattern=TENANT_PATTERN)]
    display_name: Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
    plan: str
    time_zone: str = "Asia/Tokyo"
    connection: Connection
    source: Source
    mapping: tuple[FieldMapping, ...] = ()
    refresh: Refresh = Refresh()
    guard: Guard = Guard()
    api_budget: ApiBudget = ApiBudget()
