"""Versions: the digest follows the meaning, and the diff says what changed in words."""

import json
from collections.abc import Callable

import pytest

from flyle_sf_assets.settings.loading import Loaded
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Change, Json, diff, digest, document, from_document

ACCOUNT_TYPE = "{field: Account.Type, op: eq, value: Customer}"
CLOSE_DATE = "{field: CloseDate, op: ge, value: {date: LAST_N_DAYS:365}}"

LoadEdited = Callable[..., Loaded]


@pytest.fixture
def before(load_edited: LoadEdited) -> TenantSettings:
    """The contract's example."""
    return load_edited().require()


def test_a_document_is_json_and_comes_back_equal(before: TenantSettings) -> None:
    """It is stored as jsonb and read again by another process."""
    kept = json.loads(json.dumps(document(before)))
    assert from_document(kept) == before
    assert kept["mapping"][0]["from"] == "Amount"
    assert kept["connection"]["consumer_secret"] == {"env": "ACME_SF_SECRET"}


@pytest.mark.parametrize(
    "edit",
    [
        ("value: [Proposal, Closed Won]", "value: [Closed Won, Proposal]"),
        ("value: [Proposal, Closed Won]", "value: [Closed Won, Proposal, Proposal]"),
        ("time_zone: Asia/Tokyo\n", ""),
        ("refresh: {every: 3h}", "refresh: {every: 3h} # again"),
        ("guard: {max_gone: 20%, max_blanked: 20%}\n", ""),
        (
            "type: number}\n  - {from: StageName",
            "type: number, when_blank: blank}\n  - {from: StageName",
        ),
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com/"),
        (
            "{field: Account.Type, op: eq, value: Customer}",
            "any: [{field: Account.Type, op: eq, value: Customer}]",
        ),
        (
            f"    - {ACCOUNT_TYPE}\n    - {CLOSE_DATE}\n",
            f"    - {CLOSE_DATE}\n    - {ACCOUNT_TYPE}\n",
        ),
    ],
)
def test_what_means_the_same_has_the_same_digest(
    load_edited: LoadEdited, before: TenantSettings, edit: tuple[str, str]
) -> None:
    """Tidying a file up must not make a new version, nor make anything stale."""
    after = load_edited(edit).require()
    assert digest(after) == digest(before)
    assert diff(before, after) == ()


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        (("label: 売上", "label: 売上高"), [Change("mapping[amount].label", "売上", "売上高")]),
        (
            ("label: 商談フェーズ, type: single_select", "label: 商談フェーズ"),
            [Change("mapping[phase].type", "single_select", None)],
        ),
        (
            ("when_blank: keep", "when_blank: blank"),
            [Change("mapping[employees].when_blank", "keep", "blank")],
        ),
        (("time_zone: Asia/Tokyo", "time_zone: UTC"), [Change("time_zone", "Asia/Tokyo", "UTC")]),
        (("every: 3h", "every: 6h"), [Change("refresh.every", "3h", "6h")]),
        (
            ("{env: ACME_SF_SECRET}", "{file: /run/secret}"),
            [
                Change(
                    "connection.consumer_secret", {"env": "ACME_SF_SECRET"}, {"file": "/run/secret"}
                )
            ],
        ),
        (
            ("value: Customer", 'value: "true"'),
            [
                Change(
                    "source.conditions[Account.Type eq Customer]",
                    {"field": "Account.Type", "op": "eq", "value": "Customer"},
                    None,
                ),
                Change(
                    'source.conditions[Account.Type eq "true"]',
                    None,
                    {"field": "Account.Type", "op": "eq", "value": "true"},
                ),
            ],
        ),
        (
            ("to: amount, label: 売上", "to: sales, label: 売上"),
            [
                Change(
                    "mapping[amount]",
                    {"from": "Amount", "label": "売上", "type": "number", "when_blank": "blank"},
                    None,
                ),
                Change(
                    "mapping[sales]",
                    None,
                    {"from": "Amount", "label": "売上", "type": "number", "when_blank": "blank"},
                ),
            ],
        ),
        (
            ("lookup: Account__c", "lookup: Acc__c"),
            [Change("source.one_to_one[ContractInfo].lookup", "Account__c", "Acc__c")],
        ),
    ],
)
def test_a_change_is_told_field_by_field(
    load_edited: LoadEdited, before: TenantSettings, edit: tuple[str, str], changes: list[Change]
) -> None:
    """Items are matched by what they are, not by their number in the file."""
    after = load_edited(edit).require()
    assert sorted(diff(before, after), key=lambda c: c.path) == sorted(
        changes, key=lambda c: c.path
    )
    assert digest(after) != digest(before)


def test_a_change_reads_in_both_languages() -> None:
    """It is shown on the confirm page, by `apply` and in the log of changes."""
    change = Change("mapping[plan].label", "契約", "契約プラン")
    assert change.text.ja == "項目の対応 › plan › 表示名: 契約 → 契約プラン"
    assert change.text.en == "mapping › plan › label: 契約 → 契約プラン"
    condition: Json = {"field": "StageName", "op": "in", "value": ["Closed Won", "Proposal"]}
    added = Change("source.conditions[x]", None, condition)
    assert added.text.ja == '連携対象 › 条件: (なし) → StageName in ["Closed Won", Proposal]'


def test_the_first_version_is_all_new(before: TenantSettings) -> None:
    """`apply` of a new tenant prints what it starts with."""
    changes = diff(None, before)
    assert {c.path for c in changes} >= {"tenant", "connection.flow", "mapping[amount]"}
    assert all(c.before is None for c in changes)


def test_conditions_that_differ_only_in_kind_are_told_apart(load_edited: LoadEdited) -> None:
    """``true`` and ``"true"``, a text ``TODAY`` and the date: one line each, never the same."""
    written = ["true", '"true"', "TODAY", "{date: TODAY}", "a b", '"\\"a b\\""']
    settings = [
        load_edited(
            (
                "{field: Account.Type, op: eq, value: Customer}",
                f"{{field: X, op: eq, value: {value}}}",
            )
        ).require()
        for value in written
    ]
    for one in settings:
        for other in settings:
            assert bool(diff(one, other)) == (one is not other)
