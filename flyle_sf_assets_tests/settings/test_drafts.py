"""Settings in the making: judged like a file, page by page, and whole at the end."""

from dataclasses import replace

import pytest

from flyle_sf_assets.settings.drafts import (
    Draft,
    MappingItem,
    draft_of,
    new_draft,
    problems_of,
    validate_draft,
    validate_parts,
    with_conditions,
    with_connection,
    with_mapping,
    with_object,
    with_one_to_one,
    with_refresh,
)
from flyle_sf_assets.settings.models import (
    Condition,
    Connection,
    FieldMapping,
    Flow,
    OneToOne,
    Operator,
    SecretRef,
)
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.versions import digest

CONNECTION = Connection(
    org_url="https://acme.my.salesforce.com",
    flow=Flow.CLIENT_CREDENTIALS,
    consumer_key=SecretRef(env="ACME_SF_KEY"),
    consumer_secret=SecretRef(env="ACME_SF_SECRET"),
)


@pytest.fixture
def whole() -> Draft:
    """A draft that went through every page."""
    draft = with_connection(new_draft("acme", "アクメ", "enterprise"), CONNECTION)
    draft = with_object(draft, "Opportunity")
    contract = OneToOne(
        object="Contract_Info__c", lookup="Account__c", of="Account", as_="Contract"
    )
    draft = with_one_to_one(draft, [contract])
    draft = with_conditions(draft, [{"field": "StageName", "op": "in", "value": ["Proposal"]}])
    mapping: list[MappingItem] = [
        FieldMapping(from_="Amount", to="amount", label="売上"),
        {"from": "Account.Contract.Plan__c", "to": "plan", "label": "プラン"},
    ]
    return with_refresh(with_mapping(draft, mapping), "6h")


def test_pages_add_up_to_the_settings_of_a_file(whole: Draft) -> None:
    result = validate_draft(whole)
    assert result.problems == ()
    same = validate(
        {
            "tenant": "acme",
            "display_name": "アクメ",
            "plan": "enterprise",
            "time_zone": "Asia/Tokyo",
            "connection": {
                "org_url": "https://acme.my.salesforce.com",
                "flow": "client_credentials",
                "consumer_key": {"env": "ACME_SF_KEY"},
                "consumer_secret": {"env": "ACME_SF_SECRET"},
            },
            "source": {
                "object": "Opportunity",
                "one_to_one": [
                    {
                        "object": "Contract_Info__c",
                        "lookup": "Account__c",
                        "of": "Account",
                        "as": "Contract",
                    }
                ],
                "conditions": [{"field": "StageName", "op": "in", "value": ["Proposal"]}],
            },
            "mapping": [
                {"from": "Amount", "to": "amount", "label": "売上"},
                {"from": "Account.Contract.Plan__c", "to": "plan", "label": "プラン"},
            ],
            "refresh": {"every": "6h"},
        }
    )
    assert result.settings == same.settings


def test_a_draft_of_what_stands_says_the_same(whole: Draft) -> None:
    """Opening the settings and saving them unchanged must make no new version."""
    settings = validate_draft(whole).settings
    assert settings is not None
    again = validate_draft(draft_of(settings, 3))
    assert again.problems == ()
    assert again.settings is not None
    assert digest(again.settings) == digest(settings)
    assert draft_of(settings, 3).base_version == 3


def test_every_mistake_is_told_at_its_place(whole: Draft) -> None:
    wrong = with_mapping(
        whole,
        [
            {"from": "Amount", "to": "Amount!", "label": ""},
            {"from": "", "to": "amount", "label": "売上", "type": "money"},
        ],
    )
    wrong = with_conditions(wrong, [{"any": [{"field": "Amount", "op": "gte", "value": "1"}]}])
    found = [
        problem.path for problem in validate_draft(wrong).problems if problem.severity == "error"
    ]
    assert {
        "mapping[0].to",
        "mapping[0].label",
        "mapping[1].from",
        "mapping[1].type",
        "source.conditions[0].any[0].op",
    } <= set(found)


def test_a_page_is_judged_without_the_pages_after_it(whole: Draft) -> None:
    """The live count beside the conditions must not wait for rows of the mapping."""
    half = with_mapping(whole, [{"from": "Amount"}])
    assert validate_draft(half).settings is None
    so_far = validate_parts(half, "object", "one_to_one", "conditions")
    assert so_far.settings is not None
    assert so_far.settings.source.conditions == (
        Condition(field="StageName", op=Operator.IN, value=("Proposal",)),
    )
    assert so_far.settings.mapping == ()
    assert validate_parts(half, "object").settings is not None


def test_problems_go_to_their_page(whole: Draft) -> None:
    wrong = with_conditions(with_object(whole, "Lead"), [{"field": "X", "op": "is", "value": "1"}])
    found = validate_draft(
        with_mapping(wrong, [{"from": "Amount", "to": "amount", "label": ""}])
    ).problems
    assert [p.path for p in problems_of(found, "object")] == ["source.object"]
    assert [p.path for p in problems_of(found, "conditions")] == ["source.conditions[0].op"]
    assert [p.path for p in problems_of(found, "mapping")] == ["mapping[0].label"]
    assert problems_of(found, "refresh") == ()


def test_without_a_connection_a_draft_is_not_whole() -> None:
    result = validate_draft(new_draft("acme", "アクメ", "enterprise"))
    assert result.settings is None
    assert [p.path for p in problems_of(result.problems, "connection")] == ["connection"]


def test_a_draft_is_never_changed_in_place(whole: Draft) -> None:
    before = replace(whole, document=dict(whole.document))
    with_object(whole, "Account")
    with_mapping(whole, [])
    assert whole == before
