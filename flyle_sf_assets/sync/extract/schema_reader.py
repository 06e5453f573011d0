"""Redescribing: which objects, by how many calls, and when a 304 is not trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.raw.plan import Schemas, objects_missing, objects_reached, plan
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, NotModified, describe_all
from flyle_sf_assets.salesforce.schema.former_options import with_former_options
from flyle_sf_assets.salesforce.schema.objects import SCHEMA_FORMAT, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.syncs.object_schemas import StoredSchema
from flyle_sf_assets.tenants.object_schemas import last_shown

Answer = Described | NotModified | None
"""None: the org does not know the object, or hides it from the connected user."""


@dataclass(frozen=True, slots=True)
class Redescribed:
    """What the org answered, and the resulting schemas, by object.

    ``is_whole``: asked without If-Modified-Since, so no change of permissions can be missing.
    """

    answers: Mapping[str, Answer]
    schemas: dict[str, ObjectSchema | None]
    is_whole: bool

    @property
    def has_news(self) -> bool:
        """Whether the org's answer is more than that nothing changed."""
        return any(not isinstance(one, NotModified) for one in self.answers.values())


def redescribe(
    org: Org,
    settings: TenantSettings,
    stored: Mapping[str, StoredSchema],
    known: Schemas,
    *,
    is_whole: bool,
) -> Redescribed:
    """Describes every object that the settings reach: one call per 25 objects that are known.

    One call more for each level of lookups that was never followed. ``known`` are the schemas in
    ``stored``.
    """
    answers: dict[str, Answer] = {}
    schemas: dict[str, ObjectSchema | None] = {}
    missing = objects_reached(settings, known)
    while missing:
        asked_before = {name: one for name, one in stored.items() if name in known}
        moments = {} if is_whole else _moments(missing, asked_before, known)
        # However recent the stored schemas are: only describe shows an edit.
        asked = describe_all(org.session, missing, moments)
        found = {name: _remembering(one, stored.get(name)) for name, one in asked.items()}
        answers |= found
        for name, answer in found.items():
            schemas[name] = _schema(name, answer, known)
        missing = objects_missing(settings, schemas)
    return Redescribed(answers, schemas, is_whole)


def is_anything_hidden(settings: TenantSettings, schemas: Schemas) -> bool:
    """Whether a mapped or filtered path cannot be followed now, or its type does not fit.

    Then a 304 is not trusted: a restored permission may leave Last-Modified unchanged.
    """
    made = plan(settings, schemas)
    if made.faults:
        return True
    return not all(one.readable for one in company_fields(settings, made.leaves))


def _moments(
    names: tuple[str, ...], stored: Mapping[str, StoredSchema], known: Schemas
) -> dict[str, datetime]:
    """None for a schema that an earlier version stored: it lacks properties that we now read."""
    is_current = {name for name, one in known.items() if one and one.format == SCHEMA_FORMAT}
    since = {name: stored[name].last_modified for name in names if name in is_current}
    return {name: datetime.fromisoformat(text) for name, text in since.items() if text}


def _remembering(answer: Answer, stored: StoredSchema | None) -> Answer:
    """The answer, with options that only earlier answers contained."""
    if not isinstance(answer, Described) or stored is None:
        return answer
    return replace(answer, schema=with_former_options(answer.schema, last_shown(stored)))


def _schema(name: str, answer: Answer, known: Schemas) -> ObjectSchema | None:
    if isinstance(answer, Described):
        return answer.schema
    return known[name] if isinstance(answer, NotModified) else None
