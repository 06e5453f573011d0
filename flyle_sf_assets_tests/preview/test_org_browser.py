"""What the org answers while settings are chosen: its cost, and that a sync brings the same."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from flyle_sf_assets.companies.display import shown
from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.preview.org_browser import SCHEMA_AGE_S_MAX, KnownSchemas, OrgAnswers
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings.models import Condition, FieldMapping, Operator, TenantSettings
from flyle_sf_assets.tenants.settings_check import open_tenant_org
from flyle_sf_assets_tests.flows.previews import read
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings


@dataclass
class Seconds:
    """A clock that a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Asked:
    """Answers of one tenant's org, the settings that they are about, and what each cost."""

    tenant: Tenant
    org: Org
    seconds: Seconds = field(default_factory=Seconds)
    known: KnownSchemas = field(init=False)
    answers: OrgAnswers = field(init=False)

    def __post_init__(self) -> None:
        self.known = KnownSchemas(self.seconds)
        self.answers = OrgAnswers(self.org, self.known)

    @property
    def settings(self) -> TenantSettings:
        return read(self.tenant, self.tenant.settings)

    def calls(self) -> int:
        """Calls since this was last asked."""
        spent, self._before = self.answers.api_calls - self._before, self.answers.api_calls
        return spent

    _before: int = 0


@pytest.fixture
def globex_asked(globex: Tenant) -> Iterator[Asked]:
    with open_tenant_org(globex.installation, read(globex, globex.settings)) as org:
        yield Asked(globex, org)


@pytest.fixture
def acme_asked(acme: Tenant) -> Iterator[Asked]:
    with open_tenant_org(acme.installation, read(acme, acme.settings)) as org:
        yield Asked(acme, org)


def test_levels_cost_a_call_for_what_is_not_known_and_nothing_after(globex_asked: Asked) -> None:
    answers, source = globex_asked.answers, globex_asked.settings.source
    root = answers.level(source)
    assert root is not None
    assert (root.label, globex_asked.calls()) == ("商談", 1)
    account = answers.level(source, ("Account",))
    assert account is not None
    assert (account.label, globex_asked.calls()) == ("取引先", 1)
    assert answers.level(source, ("Account", "Parent")) is not None
    assert globex_asked.calls() == 0
    assert answers.level(source, ("Account", "Nothing")) is None


def test_a_field_made_in_salesforce_appears_after_ten_minutes_or_at_once(
    acme_asked: Asked,
) -> None:
    """An administrator goes to Salesforce, adds the field, and comes back to the page."""
    answers, source = acme_asked.answers, acme_asked.settings.source
    assert answers.options(source, "Industry") != ()
    acme_asked.tenant.there.add_option("Account", "Industry", "Space", "宇宙")

    def values() -> set[str]:
        return {option.value for option in answers.options(source, "Industry")}

    assert "Space" not in values()
    acme_asked.seconds.now += SCHEMA_AGE_S_MAX + 1
    assert "Space" in values()
    acme_asked.tenant.there.add_option("Account", "Industry", "Sea", "海洋")
    acme_asked.known.forget()
    assert "Sea" in values()


def test_suggestions_take_two_calls(globex_asked: Asked) -> None:
    """The base object, then all that it looks up."""
    answers = globex_asked.answers
    offered = answers.suggestions(globex_asked.settings.source, globex_asked.settings.mapping)
    assert "StageName" not in {one.mapping.from_ for one in offered}
    assert "Account.Industry" in {one.mapping.from_ for one in offered}
    assert globex_asked.calls() == 2


def test_a_search_goes_down_to_parents_of_any_depth(globex_asked: Asked) -> None:
    """Depth by depth: what is near is there after two calls, what is far is found too."""
    answers, source = globex_asked.answers, globex_asked.settings.source
    assert answers.search(source, "年間売上", 0).choices == ()
    near = answers.search(source, "年間売上", 1)
    assert [one.path for one in near.choices] == [
        "Account.AnnualRevenue",
        "Competitor__r.AnnualRevenue",
    ]
    assert near.goes_deeper
    assert globex_asked.calls() <= 2
    deep = {one.path for one in answers.search(source, "年間売上", 5).choices}
    assert "Account.Parent.Parent.Parent.Parent.AnnualRevenue" in deep
    assert globex_asked.calls() <= 6
    assert not answers.search(source, "年間売上", 5).goes_deeper
    assert globex_asked.calls() == 0


def test_the_live_count_is_one_call_and_true(globex_asked: Asked) -> None:
    settings = globex_asked.settings
    globex_asked.answers.problems(settings)
    globex_asked.calls()
    assert globex_asked.answers.count(settings) == len(globex_asked.tenant.oracle.companies({}))
    assert globex_asked.calls() == 1


def test_conditions_that_cannot_be_asked_are_told_not_counted(acme_asked: Asked) -> None:
    wrong = Condition(field="Description", op=Operator.EQ, value="x")
    source = acme_asked.settings.source.model_copy(update={"conditions": (wrong,)})
    settings = acme_asked.settings.model_copy(update={"source": source})
    with pytest.raises(SettingsInvalid) as refused:
        acme_asked.answers.count(settings)
    assert [p.path for p in refused.value.problems] == ["source.conditions[0].field"]


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_samples_are_what_a_sync_brings(name: str, acme_asked: Asked, globex_asked: Asked) -> None:
    """Parents, one-to-one objects, options by label: the page must not promise something else."""
    asked = acme_asked if name == "acme" else globex_asked
    samples = asked.answers.samples(asked.settings)
    assert len(samples.records) == 3
    asked.tenant.sync()
    kept = asked.tenant.query(
        "SELECT c.external_id, m.key, m.value::text FROM flyle.companies c,"
        " jsonb_each(c.custom_fields) AS m WHERE tenant_id = %s"
    )
    values = {(external_id, key): text for external_id, key, text in kept}
    rejected = {(external_id, key) for external_id, key, *_ in asked.tenant.rejected()}
    labels = {(key, value): o.label for (key, value), o in asked.tenant.options().items()}
    for row in samples.rows:
        assert row.problem is None
        of_field = {value: label for (key, value), label in labels.items() if key == row.mapping.to}
        for (external_id, _), value in zip(samples.records, row.values, strict=True):
            assert (value.rejected is not None) == ((external_id, row.mapping.to) in rejected)
            if value.rejected is None:
                assert value.text == shown(values.get((external_id, row.mapping.to)), of_field)


def test_samples_cost_a_call_and_one_for_each_level_of_parents(globex_asked: Asked) -> None:
    globex_asked.answers.problems(globex_asked.settings)
    globex_asked.calls()
    globex_asked.answers.samples(globex_asked.settings)
    depth = max(mapping.from_.count(".") for mapping in globex_asked.settings.mapping)
    assert globex_asked.calls() <= 1 + depth + 1


def test_a_mapping_that_is_not_allowed_has_its_problem_and_the_others_their_values(
    acme_asked: Asked,
) -> None:
    """One wrong row of the page must not empty all the others."""
    mapping = (
        FieldMapping(from_="Name", to="title", label="名"),
        FieldMapping(from_="Nope__c", to="nope", label="なし"),
        FieldMapping(from_="BillingAddress", to="address", label="住所"),
    )
    settings = acme_asked.settings.model_copy(update={"mapping": mapping})
    title, nope, address = acme_asked.answers.samples(settings).rows
    assert len(title.values) == 3
    assert title.problem is None
    assert nope.problem is not None
    assert nope.problem.code == "field_unknown"
    assert address.problem is not None
    assert address.problem.code == "field_not_supported"


def test_asking_writes_nothing(acme_asked: Asked) -> None:
    answers, settings = acme_asked.answers, acme_asked.settings
    answers.samples(settings)
    answers.count(settings)
    answers.search(settings.source, "売上", depth=2)
    assert (
        acme_asked.tenant.query("SELECT object FROM flyle.object_schemas WHERE tenant_id = %s")
        == []
    )


def test_demo_settings_are_allowed(acme_asked: Asked) -> None:
    problems = acme_asked.answers.problems(acme_asked.settings)
    assert [p for p in problems if p.severity == "error"] == []
    assert demo_settings("acme") == acme_asked.tenant.settings
