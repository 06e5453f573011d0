"""An org's answers while settings are being chosen: fields, counts, samples, options.

Only schemas are stored, in this process, for `SCHEMA_AGE_S_MAX`. Every answer costs the API
calls that its docstring says; ``OrgAnswers.api_calls`` counts them.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.choosing.condition_words import Labels
from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.one_to_one import OneToOneChoices, one_to_one_choices
from flyle_sf_assets.choosing.search import Found, search
from flyle_sf_assets.choosing.suggestions import (
    Suggestion,
    currency_suggestions,
    suggestions,
)
from flyle_sf_assets.choosing.tree import Level, choice_at, level
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas
from flyle_sf_assets.companies.display import ShownRows, shown_rows
from flyle_sf_assets.errors import Problem, SettingsInvalid
from flyle_sf_assets.preview.record_sampler import Sampling
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.raw.questions import Questions
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema, PicklistValue
from flyle_sf_assets.salesforce.schema.picklists import options_of
from flyle_sf_assets.settings.models import FieldMapping, Source, TenantSettings

T = TypeVar("T")

SCHEMA_AGE_S_MAX = 600
"""A field just made in Salesforce is visible after ten minutes, or at once on request."""

SAMPLE_RECORDS = 3

SEARCH_ROUNDS = 3
"""The base object, and twice as many objects as a search describes at a time."""


class KnownSchemas:
    """Schemas of one org as described, kept for some time; safe to share between threads.

    ``seconds`` is a clock that never goes back.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, ObjectSchema | None]] = {}

    def forget(self) -> None:
        """Forgets all schemas: the next answers describe everything again."""
        with self._lock:
            self._kept.clear()

    def schemas(self) -> dict[str, ObjectSchema | None]:
        """The known schemas that are recent enough, by API name."""
        oldest = self._seconds() - SCHEMA_AGE_S_MAX
        with self._lock:
            return {name: schema for name, (at, schema) in self._kept.items() if at > oldest}

    def describe(self, org: Org, names: Iterable[str]) -> None:
        """Describes these objects: one call per 25."""
        at = self._seconds()
        answers = describe_all(org.session, names)
        with self._lock:
            for name, answer in answers.items():
                schema = answer.schema if isinstance(answer, Described) else None
                self._kept[name if schema is None else schema.name] = (at, schema)
                self._kept[name] = (at, schema)


@dataclass(frozen=True, slots=True)
class SampleValue:
    """A value as Flyle would show it: text without quotes, numbers exact, lists joined by ``, ``.

    ``text`` is "" for a blank; ``rejected`` is the reason why the value is not accepted.
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
    """Asks one org for one administrator; ``org`` is open, and the caller closes it."""

    def __init__(self, org: Org, known: KnownSchemas) -> None:
        self._org = org
        self._known = known

    @property
    def api_calls(self) -> int:
        """Calls that Salesforce counted, so far."""
        return self._org.api_calls

    def level(self, source: Source, path: tuple[str, ...] = ()) -> Level | None:
        """One level of the field tree; one call for each object on the path not yet known."""
        return self._told(lambda schemas: level(source, schemas, path))

    def search(self, source: Source, word: str, depth: int) -> Found:
        """Fields behind exactly ``depth`` relationships; at most six calls for new objects."""
        for _ in range(SEARCH_ROUNDS):
            found = search(source, self._known.schemas(), word, depth)
            if isinstance(found, Found):
                return found
            self._known_with(found.objects)
        known = search(source, self._known.schemas(), word, depth, only_known=True)
        return known if isinstance(known, Found) else Found((), is_cut=True, goes_deeper=False)

    def field(self, source: Source, path: str) -> FieldChoice | None:
        """The field at that path, None when the path cannot be followed."""
        return self._told(lambda schemas: choice_at(source, schemas, path))

    def one_to_one(self, source: Source, word: str = "") -> OneToOneChoices:
        """Objects that can be declared as one-to-one; at most eight calls for new objects."""
        return self._told(lambda schemas: one_to_one_choices(source, schemas, word))

    def labels(self, source: Source, paths: Iterable[str]) -> Labels:
        """The labels of the fields at these paths, as far as the paths can be followed."""
        for path in paths:
            self.field(source, path)
        return Labels.of(source, self._known.schemas())

    def suggestions(
        self, source: Source, mapped: tuple[FieldMapping, ...] = ()
    ) -> tuple[Suggestion, ...]:
        """Obvious mappings that are not mapped yet."""
        return self._told(lambda schemas: suggestions(source, schemas, mapped))

    def currency_suggestions(
        self, source: Source, mapped: tuple[FieldMapping, ...]
    ) -> tuple[Suggestion, ...]:
        """The currency codes that mapped amounts need."""
        return self._told(lambda schemas: currency_suggestions(source, schemas, mapped))

    def options(self, source: Source, path: str) -> tuple[PicklistValue, ...]:
        """The options of a picklist field in the org's order; empty for other fields."""
        found = self.field(source, path)
        return () if found is None else options_of(found.field)

    def problems(self, settings: TenantSettings) -> tuple[Problem, ...]:
        """Everything in the settings that this org does not allow, with paths."""
        schemas = self.schemas_for(settings)
        return problems(settings, plan(settings, schemas), schemas)

    def count(self, settings: TenantSettings) -> int:
        """How many records match the conditions now. One call once the schemas are known.

        Raises SettingsInvalid when the conditions cannot be asked of this org.
        """
        return self._org.reader.count(self._questions(settings).count())

    def samples(self, settings: TenantSettings, records: int = SAMPLE_RECORDS) -> Samples:
        """Values of a few matching records; one call, and one more for each level of parents.

        A mapping that the org does not allow has no values, and its problem instead.
        """
        self._questions(settings)
        schemas = self.schemas_for(settings)
        refused = _refused_mappings(self.problems(settings))
        allowed = [m for index, m in enumerate(settings.mapping) if index not in refused]
        reading = settings.model_copy(update={"mapping": tuple(allowed)})
        drawn = Sampling(self._org, plan(reading, schemas), schemas, reading)
        rows = drawn.first(records)
        return _samples(settings, refused, shown_rows(rows, drawn.converted(rows), drawn.fields))

    def schemas_for(self, settings: TenantSettings) -> dict[str, ObjectSchema | None]:
        """The schemas of every object that the settings reach."""
        while missing := objects_missing(settings, self._known.schemas()):
            self._known.describe(self._org, missing)
        return self._known.schemas()

    def _questions(self, settings: TenantSettings) -> Questions:
        """The questions about the base object; SettingsInvalid when they cannot be asked."""
        schemas = self.schemas_for(settings)
        made = plan(settings, schemas)
        errors = [p for p in problems(settings, made, schemas) if p.severity == "error"]
        of_source = tuple(p for p in errors if p.path.startswith("source"))
        if of_source:
            raise SettingsInvalid(settings.tenant, of_source)
        base = next(dataset for dataset in made.datasets if dataset.is_base)
        return Questions.about(base, made, schemas, settings)

    def _known_with(self, names: Iterable[str]) -> dict[str, ObjectSchema | None]:
        missing = [name for name in sorted(names) if name not in self._known.schemas()]
        if missing:
            self._known.describe(self._org, missing)
        return self._known.schemas()

    def _told(self, tell: Callable[[Schemas], T | SchemaNeeded]) -> T:
        """What ``tell`` returns once every object that it needs is described."""
        while isinstance(told := tell(self._known.schemas()), SchemaNeeded):
            self._known_with(told.objects)
        return told


def _refused_mappings(found: tuple[Problem, ...]) -> dict[int, Problem]:
    """The first error of each mapping that the org does not allow, by its place."""
    refused: dict[int, Problem] = {}
    for problem in found:
        place = re.match(r"mapping\[(\d+)\]", problem.path)
        if place and problem.severity == "error":
            refused.setdefault(int(place[1]), problem)
    return refused


def _samples(settings: TenantSettings, refused: dict[int, Problem], shown: ShownRows) -> Samples:
    rows = []
    for index, mapping in enumerate(settings.mapping):
        values = () if index in refused else shown.values_of(mapping.to)
        told = tuple(SampleValue(text, why) for text, why in values)
        rows.append(SampleRow(mapping, told, refused.get(index)))
    return Samples(shown.records, tuple(rows))
