"""What a tenant's org answers while settings are being chosen: fields, counts, samples, options.

Nothing is kept but schemas, in this process, for `SCHEMA_AGE_S_MAX`. Every answer costs the API
calls that its docstring tells; ``OrgAnswers.api_calls`` counts them.

What does not belong here: the choices themselves (``choosing``) and previews (``preview.py``).
"""

from dataclasses import dataclass

from flyle_sf_assets.choosing.base_objects import BaseObjectChoice
from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.suggestions import Suggestion
from flyle_sf_assets.choosing.tree import Level
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema import PicklistValue
from flyle_sf_assets.settings.models import FieldMapping, Source, TenantSettings

SCHEMA_AGE_S_MAX = 600
"""A field that was just made in Salesforce is there after ten minutes, or at once on request."""

SAMPLE_RECORDS = 3


class KnownSchemas:
    """Schemas of one org as described, kept for a while; safe to share between threads."""


@dataclass(frozen=True, slots=True)
class SampleValue:
    """A value as Flyle would show it: text without quotes, numbers exact, lists joined by ``, ``.

    ``text`` is "" for a blank; ``rejected`` is the reason when the value cannot be taken over.
    """

    text: str
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One mapping's values of the sampled records, in their order; ``problem`` when it has none."""

    mapping: FieldMapping
    values: tuple[SampleValue, ...]
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Samples:
    """``records`` are (external id, name) of at most `SAMPLE_RECORDS` matching records."""

    records: tuple[tuple[str, str], ...]
    rows: tuple[SampleRow, ...]


class OrgAnswers:
    """Asks one org for one administrator; ``org`` is open and stays the caller's to close."""

    def __init__(self, org: Org, known: KnownSchemas) -> None:
        self._org = org
        self._known = known

    @property
    def api_calls(self) -> int:
        """Calls that Salesforce counted, so far."""
        return self._org.api_calls

    def base_objects(self) -> tuple[BaseObjectChoice, ...]:
        """Account and Opportunity with advice and warning. At most one call."""
        raise NotImplementedError

    def level(self, source: Source, path: tuple[str, ...] = ()) -> Level | None:
        """One level of the field tree; one call for each object on the path not yet known."""
        raise NotImplementedError

    def search(self, source: Source, word: str, *, depth: int = 1) -> tuple[FieldChoice, ...]:
        """Fields by label or API name, down to ``depth`` relationships; one call for 25 objects."""
        raise NotImplementedError

    def field(self, source: Source, path: str) -> FieldChoice | None:
        """The field at that path, None when it cannot be walked."""
        raise NotImplementedError

    def suggestions(
        self, source: Source, mapped: tuple[FieldMapping, ...] = ()
    ) -> tuple[Suggestion, ...]:
        """Obvious mappings that are not mapped yet."""
        raise NotImplementedError

    def options(self, source: Source, path: str) -> tuple[PicklistValue, ...]:
        """The options of a picklist field in the org's order; empty for other fields."""
        raise NotImplementedError

    def problems(self, settings: TenantSettings) -> tuple[Problem, ...]:
        """Everything in the settings that this org does not allow, with paths."""
        raise NotImplementedError

    def count(self, settings: TenantSettings) -> int:
        """How many records match the conditions now. One call once the schemas are known.

        Raises SettingsInvalid when the conditions cannot be asked of this org.
        """
        raise NotImplementedError

    def samples(self, settings: TenantSettings, records: int = SAMPLE_RECORDS) -> Samples:
        """Values of a few matching records; one call, and one more for each level of parents."""
        raise NotImplementedError
