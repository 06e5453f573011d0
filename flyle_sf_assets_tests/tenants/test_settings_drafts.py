"""Settings from the console: drafts kept and saved, and a file that wins."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flyle_sf_assets.errors import PlanNotEligible, SettingsInvalid
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.drafts import (
    Draft,
    draft_of,
    new_draft,
    with_connection,
    with_mapping,
    with_object,
)
from flyle_sf_assets.settings.models import Connection, Flow, SecretRef
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets.tenants.candidate_settings import drafted_settings
from flyle_sf_assets.tenants.settings_check import open_tenant_org
from flyle_sf_assets.tenants.settings_drafts import (
    SettingsFromFile,
    SettingsMoved,
    drop_draft,
    keep_draft,
    kept_draft,
    required,
    save_settings,
    settings_origin,
)
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

NOW = datetime(2026, 5, 1, tzinfo=UTC)
BY = "console:user-1"
ROWS = [
    {"from": "AnnualRevenue", "to": "revenue", "label": "売上"},
    {"from": "Industry", "to": "industry", "label": "業種"},
]


def now() -> datetime:
    return NOW


@pytest.fixture
def hosted(link: Link) -> Tenant:
    """A tenant with an org and keys, whose settings file is gone and forgotten."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    tenant.name = "umbrella"
    tenant.give_credentials()
    return tenant


@pytest.fixture
def draft(hosted: Tenant) -> Draft:
    """A draft of a tenant that was never set up."""
    connection = Connection(
        org_url=hosted.server.url,
        flow=Flow.CLIENT_CREDENTIALS,
        consumer_key=SecretRef(env="UMBRELLA_SF_KEY"),
        consumer_secret=SecretRef(env="UMBRELLA_SF_SECRET"),
    )
    made = with_connection(new_draft("umbrella", "アンブレラ", "enterprise"), connection)
    return with_mapping(made, ROWS)


def test_a_draft_becomes_a_version_by_its_author(installation: Installation, draft: Draft) -> None:
    saved = save_settings(installation, draft, author=BY, clock=now)
    assert (saved.version, saved.is_new) == (1, True)
    origin = settings_origin(installation, "umbrella")
    assert (origin.version, origin.author, origin.saved_at) == (1, BY, NOW)
    assert (origin.file, origin.is_read_only) == (None, False)
    assert origin.settings is not None
    assert [mapping.to for mapping in origin.settings.mapping] == ["revenue", "industry"]


def test_a_tenant_of_the_console_syncs_without_a_file(
    installation: Installation, hosted: Tenant, draft: Draft
) -> None:
    save_settings(installation, draft, author=BY)
    hosted.sync()
    companies = hosted.companies()
    assert len(companies) == len(hosted.there.records("Account"))
    [standing] = tenant_statuses(installation, "umbrella")
    assert standing.link.state == "linked"
    assert standing.stale_assets == ()


def test_a_change_shows_its_diff_and_makes_exactly_that_stale(
    installation: Installation, draft: Draft
) -> None:
    save_settings(installation, draft, author=BY)
    settings = settings_origin(installation, "umbrella").settings
    assert settings is not None
    relabelled = [{**ROWS[0], "label": "年商"}, ROWS[1]]
    changed = with_mapping(draft_of(settings, 1), relabelled)
    saved = save_settings(installation, changed, author="console:user-2")
    assert [c.text.ja for c in saved.changes] == ["項目の対応 › revenue › 表示名: 売上 → 年商"]
    assert (saved.version, saved.stale_assets) == (
        2,
        ("flyle/picklist_options", "flyle/companies"),
    )
    assert settings_origin(installation, "umbrella").author == "console:user-2"


def test_saving_what_stands_makes_no_version(installation: Installation, draft: Draft) -> None:
    save_settings(installation, draft, author=BY)
    settings = settings_origin(installation, "umbrella").settings
    assert settings is not None
    saved = save_settings(installation, draft_of(settings, 1), author="console:user-2")
    assert (saved.version, saved.is_new, saved.changes, saved.stale_assets) == (1, False, (), ())
    assert settings_origin(installation, "umbrella").author == BY


def test_of_two_administrators_the_second_looks_again(
    installation: Installation, draft: Draft
) -> None:
    """Both opened version 1; the second one must not undo what the first one saved."""
    save_settings(installation, draft, author=BY)
    settings = settings_origin(installation, "umbrella").settings
    assert settings is not None
    mine, theirs = draft_of(settings, 1), draft_of(settings, 1)
    save_settings(installation, with_mapping(theirs, ROWS[:1]), author="console:user-2")
    with pytest.raises(SettingsMoved) as refused:
        save_settings(installation, with_object(mine, "Opportunity"), author=BY)
    assert "console:user-2" in refused.value.came_back.en
    assert settings_origin(installation, "umbrella").version == 2


def test_an_unsound_draft_is_refused_with_every_problem(
    installation: Installation, draft: Draft
) -> None:
    wrong = with_mapping(draft, [{"from": "A B.", "to": "1", "label": ""}])
    with pytest.raises(SettingsInvalid) as refused:
        save_settings(installation, wrong, author=BY)
    assert {p.path for p in refused.value.problems} == {
        "mapping[0].from",
        "mapping[0].to",
        "mapping[0].label",
    }
    assert settings_origin(installation, "umbrella").version is None


@pytest.mark.parametrize(
    ("org_url", "field", "code"),
    [
        ("https://evil.example", "Name", "org_url_not_allowed"),
        (None, "Site; DELETE", "path_invalid"),
        (None, "年間売上", "path_invalid"),
    ],
)
def test_what_cannot_be_right_is_refused_without_an_org(
    installation: Installation, draft: Draft, org_url: str | None, field: str, code: str
) -> None:
    """The console's drafts go through the rule that files go through."""
    wrong = with_mapping(draft, [{"from": field, "to": "x", "label": "x"}])
    if org_url is not None:
        wrong = with_connection(wrong, Connection(org_url=org_url, flow=Flow.WEB_SERVER))
    with pytest.raises(SettingsInvalid) as refused:
        save_settings(installation, wrong, author=BY)
    assert [p.code for p in refused.value.problems if p.severity == "error"] == [code]
    assert settings_origin(installation, "umbrella").version is None


def test_what_the_org_does_not_have_is_refused_too(
    installation: Installation, draft: Draft
) -> None:
    hosts = installation.environment.sf_extra_hosts
    wrong = with_mapping(draft, [*ROWS, {"from": "Nope__c", "to": "nope", "label": "なし"}])
    with (
        open_tenant_org(installation, required(replace(draft, extra_hosts=hosts))) as org,
        pytest.raises(SettingsInvalid) as refused,
    ):
        save_settings(installation, wrong, author=BY, org=org)
    assert [p.path for p in refused.value.problems] == ["mapping[2].from"]
    assert settings_origin(installation, "umbrella").version is None


def test_another_plan_cannot_save(installation: Installation, draft: Draft) -> None:
    free = Draft({**draft.document, "plan": "free"})
    with pytest.raises(PlanNotEligible):
        save_settings(installation, free, author=BY)


def test_a_file_replaces_console_and_is_named(installation: Installation, hosted: Tenant) -> None:
    """Where both exist the file wins: the console shows it and changes nothing."""
    origin = settings_origin(installation, "acme")
    assert (origin.file, origin.is_read_only) == ("acme.yaml", True)
    assert origin.settings is not None
    same = draft_of(origin.settings, origin.version)
    for refused in (
        lambda: save_settings(installation, same, author=BY),
        lambda: keep_draft(installation, same, by=BY),
    ):
        with pytest.raises(SettingsFromFile) as told:
            refused()
        assert "acme.yaml" in told.value.came_back.en
    assert settings_origin(installation, "acme").version == origin.version


def test_a_file_that_takes_over_says_so_once(
    installation: Installation, hosted: Tenant, draft: Draft
) -> None:
    save_settings(installation, draft, author=BY)
    text = demo_settings("acme").replace("acme", "umbrella").replace("ACME", "UMBRELLA")
    made = hosted.apply(text)
    [told] = [p for p in made.problems if p.code == "file_replaces_console"]
    assert told.severity == "warning"
    assert BY in told.message.ja
    assert "umbrella.yaml" in told.remedy.en
    assert made.changes != ()
    again = hosted.apply(text.replace("label: 売上", "label: 年商"))
    assert [p.code for p in again.problems] == []


def test_a_draft_is_there_when_the_administrator_comes_back(
    installation: Installation, draft: Draft
) -> None:
    assert kept_draft(installation, "umbrella") is None
    half = with_mapping(draft, [{"from": "Amount"}])
    keep_draft(installation, half, by=BY, clock=now)
    kept = kept_draft(installation, "umbrella")
    assert kept is not None
    assert (kept.draft, kept.by, kept.saved_at) == (half, BY, NOW)
    keep_draft(installation, draft, by="console:user-2", clock=now)
    replaced = kept_draft(installation, "umbrella")
    assert replaced is not None
    assert (replaced.draft, replaced.by) == (draft, "console:user-2")
    drop_draft(installation, "umbrella")
    drop_draft(installation, "umbrella")
    assert kept_draft(installation, "umbrella") is None


def test_saving_forgets_the_draft(installation: Installation, draft: Draft) -> None:
    keep_draft(installation, draft, by=BY)
    save_settings(installation, draft, author=BY)
    assert kept_draft(installation, "umbrella") is None


def test_one_tenants_draft_is_not_anothers(installation: Installation, draft: Draft) -> None:
    keep_draft(installation, draft, by=BY)
    assert kept_draft(installation, "other") is None


def test_what_comes_next_is_the_draft_else_what_stands(
    installation: Installation, draft: Draft
) -> None:
    save_settings(installation, draft, author=BY)
    standing = drafted_settings(installation, "umbrella").settings
    assert len(standing.mapping) == 2
    keep_draft(installation, with_mapping(draft, ROWS[:1]), by=BY)
    assert len(drafted_settings(installation, "umbrella").settings.mapping) == 1
    assert drafted_settings(installation, "acme").settings.tenant == "acme"
