"""The patterns of names, paths and shares in a settings file, and their maximal lengths."""

from typing import Annotated

from pydantic import Field

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

TenantName = Annotated[str, Field(pattern=TENANT_PATTERN)]
FieldKey = Annotated[str, Field(pattern=FIELD_KEY_PATTERN)]
ApiName = Annotated[str, Field(pattern=API_NAME_PATTERN)]
FieldPath = Annotated[str, Field(pattern=FIELD_PATH_PATTERN)]
OrgUrl = Annotated[str, Field(pattern=ORG_URL_PATTERN, max_length=TEXT_CHARACTERS_MAX)]
EnvName = Annotated[str, Field(pattern=ENV_NAME_PATTERN)]
FileName = Annotated[str, Field(pattern=r"^[^\x00-\x1f]+$", max_length=PATH_CHARACTERS_MAX)]
ShortText = Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
DateLiteralName = Annotated[str, Field(pattern=DATE_LITERAL_PATTERN)]
Interval = Annotated[str, Field(pattern=EVERY_PATTERN)]
Percent = Annotated[str, Field(pattern=PERCENT_PATTERN)]
"""A share from ``0%`` to ``100%``, as exact text."""
