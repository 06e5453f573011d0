"""Describe: the fields of an object that the connected user can see, parsed into a value.

Source: REST API Developer Guide, "sObject Describe" and "Composite".
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import msgspec
import requests

from flyle_sf_assets.errors import ObjectRefused, SalesforceRefused, Text
from flyle_sf_assets.salesforce.composite import (
    SUBREQUESTS_MAX,
    Subanswer,
    Subrequest,
    composite,
)
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.schema.objects import (
    SCHEMA_FORMAT,
    ChildRelationship,
    FieldSchema,
    ObjectSchema,
    PicklistValue,
)
from flyle_sf_assets.salesforce.schema.stored import to_bytes
from flyle_sf_assets.salesforce.schema.validation import implausibility
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.transport import parsed_date

_OBJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Described:
    """An object's schema, and the time of its last change if Salesforce reports it."""

    schema: ObjectSchema
    last_modified: datetime | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """Nothing changed since the given time.

    It may miss changes of permissions: redescribe without a time regularly.
    """


class _PicklistEntry(msgspec.Struct, rename="camel"):
    value: str
    active: bool
    label: str | None = None
    valid_for: bytes | None = None


class _Field(msgspec.Struct, rename="camel"):
    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    digits: int = 0
    scale: int = 0
    nillable: bool = True
    filterable: bool = True
    calculated: bool = False
    html_formatted: bool = False
    restricted_picklist: bool = False
    controller_name: str | None = None
    reference_to: list[str] = []
    relationship_name: str | None = None
    picklist_values: list[_PicklistEntry] = []
    extra_type_info: str | None = None
    inline_help_text: str | None = None


class _Child(msgspec.Struct, rename="camel"):
    child_object: str = msgspec.field(name="childSObject")
    field: str
    relationship_name: str | None = None


class _Describe(msgspec.Struct, rename="camel"):
    name: str
    label: str
    queryable: bool
    fields: list[_Field]
    child_relationships: list[_Child] = []
    key_prefix: str | None = None


_NO_HELP_TEXT = b',"help_text":""'
"""In no label: inside of JSON's strings quotes are escaped. Schemas of versions before help texts
were known have the same digest, so an upgrade makes no asset stale."""

_DESCRIBE = msgspec.json.Decoder(_Describe)


def describe(
    session: OrgSession, object_name: str, if_modified_since: datetime | None = None
) -> Described | NotModified:
    """One object. ObjectRefused when it does not exist or is hidden from the user."""
    tried = _tried(object_name)

    def consume(response: requests.Response) -> Described | NotModified:
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        modified = response.headers.get("Last-Modified")
        return _parsed(session, object_name, response.content, modified)

    path, headers = _path(session, object_name), _conditional(if_modified_since)
    try:
        return session.fetch("GET", path, consume, tried=tried, headers=headers)
    except SalesforceRefused as refused:
        raise faults.about_object(refused, object_name) from refused.__cause__


def describe_all(
    session: OrgSession,
    object_names: Iterable[str],
    if_modified_since: Mapping[str, datetime] | None = None,
) -> dict[str, Described | NotModified | None]:
    """Several objects, 25 per counted call. None for an object that the org hides.

    Keys are the names as given, each once; ``if_modified_since`` has times (UTC) by these names.

    An object that was not edited since its time is `NotModified`. Raises
    NotPermitted, Postponed, IncompleteRead. Relied on: REST API Developer Guide, "sObject
    Describe", "Composite".

    >>> found = describe_all(session, ["Account", "Unknown__c"])
    >>> found["Account"].schema.name, found["Unknown__c"]
    ('Account', None)
    """
    names = list(dict.fromkeys(object_names))
    since = if_modified_since or {}
    found: dict[str, Described | NotModified | None] = {}
    for start in range(0, len(names), SUBREQUESTS_MAX):
        some = names[start : start + SUBREQUESTS_MAX]
        tried = _tried(", ".join(some))
        asked = [Subrequest(_path(session, name), _conditional(since.get(name))) for name in some]
        for name, answer in zip(some, composite(session, asked, tried=tried), strict=True):
            found[name] = _of_answer(session, name, answer)
    return found


def digest(schema: ObjectSchema) -> str:
    """64 hex digits that change with any part of the schema except the order of fields.

    The order of picklist values is included: it is the org's. `format` is not: it is ours. Help
    texts are not: nothing that is read depends on them.
    """
    ordered = replace(
        schema,
        fields=tuple(
            sorted((replace(f, help_text="") for f in schema.fields), key=lambda f: f.name)
        ),
        former_fields=tuple(sorted(schema.former_fields, key=lambda f: f.name)),
        child_relationships=tuple(
            sorted(schema.child_relationships, key=lambda c: (c.child_object, c.field))
        ),
        format=0,
    )
    return hashlib.sha256(to_bytes(ordered).replace(_NO_HELP_TEXT, b"")).hexdigest()


def _of_answer(session: OrgSession, name: str, answer: Subanswer) -> Described | NotModified | None:
    tried = _tried(name)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return NotModified()
    refusal = answer.refusal(tried)
    if refusal is None:
        modified = {key.lower(): value for key, value in answer.headers.items()}
        return _parsed(session, name, answer.body, modified.get("last-modified"))
    if isinstance(refusal, SalesforceRefused):
        refusal = faults.about_object(refusal, name)
        if isinstance(refusal, ObjectRefused):
            return None
    raise refusal


def _parsed(session: OrgSession, name: str, body: bytes, last_modified: object) -> Described:
    """IncompleteRead for a describe that cannot belong to that object."""
    tried = _tried(name)
    described = session.decoded(body, _DESCRIBE.decode, tried=tried)
    schema = ObjectSchema(
        name=described.name,
        label=described.label,
        queryable=described.queryable,
        fields=tuple(_field(field) for field in described.fields),
        child_relationships=tuple(
            ChildRelationship(child.child_object, child.field, child.relationship_name)
            for child in described.child_relationships
        ),
        key_prefix=described.key_prefix,
        format=SCHEMA_FORMAT,
    )
    if (what := implausibility(schema, name)) is not None:
        raise faults.implausible(what, tried=tried)
    return Described(schema, parsed_date(last_modified if isinstance(last_modified, str) else None))


def _field(field: _Field) -> FieldSchema:
    return FieldSchema(
        name=field.name,
        label=field.label,
        type=field.type,
        length=field.length,
        # Integers have their number of digits in a separate member.
        precision=field.precision or field.digits,
        scale=field.scale,
        nillable=field.nillable,
        filterable=field.filterable,
        calculated=field.calculated,
        html_formatted=field.html_formatted,
        restricted_picklist=field.restricted_picklist,
        controller_name=field.controller_name,
        reference_to=tuple(field.reference_to),
        relationship_name=field.relationship_name,
        picklist_values=tuple(
            PicklistValue(entry.value, entry.label or entry.value, entry.active, entry.valid_for)
            for entry in field.picklist_values
        ),
        extra_type_info=field.extra_type_info,
        help_text=field.inline_help_text or "",
    )


def _path(session: OrgSession, object_name: str) -> str:
    if not _OBJECT_NAME.fullmatch(object_name):
        raise ValueError(f"{object_name!r} is no name of an object")
    return session.data_path(f"/sobjects/{object_name}/describe")


def _conditional(since: datetime | None) -> dict[str, str]:
    if since is None:
        return {}
    return {"If-Modified-Since": format_datetime(since.astimezone(UTC), usegmt=True)}


def _tried(object_names: str) -> Text:
    return Text(
        f"オブジェクト {object_names} の定義を取得しようとしました",
        f"Tried to describe the object {object_names}",
    )
