"""Settings and their changes as an administrator of the small org would say them."""

from typing import Any

import pytest

from flyle_sf_assets.choosing.condition_words import Labels, condition_phrase
from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.choosing.settings_words import change_phrases, settings_words
from flyle_sf_assets.settings.models import Condition, Operator, TenantSettings
from flyle_sf_assets_tests.check.small_org import SCHEMAS, settings_of

CONTRACT = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "Info"}
OWNER = {"from": "Owner.Name", "to": "owner", "label": "担当者"}
INDUSTRY = {"from": "Industry", "to": "industry", "label": "業種", "type": "single_select"}


def _condition(field: str, op: str, value: Any = None, **source: Any) -> Phrase:
    item = {"field": field, "op": op} | ({} if value is None else {"value": value})
    [told] = settings_words(settings_of(conditions=[item], **source), SCHEMAS).conditions
    return told


@pytest.mark.parametrize(
    ("field", "op", "value", "ja", "en"),
    [
        (
            "Industry",
            "ne",
            "Retail",
            "「業種」が「小売業」でない(空を含む)",
            "業種 is not “小売業” (blanks included)",
        ),
        ("Industry", "eq", "Retail", "「業種」が「小売業」である", "業種 is “小売業”"),
        (
            "Industry",
            "in",
            ["Retail", "Unheard"],
            "「業種」が「小売業」「Unheard」のいずれか",
            "業種 is any of “小売業”, “Unheard”",
        ),
        (
            "Products__c",
            "includes",
            ["A;B"],
            "「利用製品」が「製品A; 製品B」のいずれかを含む",
            "利用製品 includes any of “製品A; 製品B”",
        ),
        (
            "AnnualRevenue",
            "ge",
            "1000000",
            "「年間売上」が「1,000,000」以上",
            "年間売上 is at least “1,000,000”",
        ),
        ("IsActive__c", "eq", True, "「有効」が「オン」である", "有効 is “on”"),
        (
            "LastVisit__c",
            "ge",
            {"date": "LAST_N_DAYS:90"},
            "「最終訪問」が「過去 90 日」以降",
            "最終訪問 is on or after “Last 90 days”",
        ),
        (
            "Founded__c",
            "lt",
            {"date": "N_YEARS_AGO:3"},
            "「設立日」が「3 年前」より前",
            "設立日 is before “3 years ago”",
        ),
        ("Website", "is_null", None, "「Web サイト」が空である", "Web サイト is blank"),
        (
            "Owner.Department",
            "contains",
            "営業",
            "「所有者 › 部署」が「営業」を含む",
            "所有者 › 部署 contains “営業”",
        ),
        ("Nowhere__c", "eq", "x", "「Nowhere__c」が「x」である", "Nowhere__c is “x”"),
    ],
)
def test_a_condition_is_a_sentence_in_the_orgs_labels(
    field: str, op: str, value: Any, ja: str, en: str
) -> None:
    told = _condition(field, op, value)
    assert (told.text.ja, told.text.en) == (ja, en)
    assert told.api.startswith(f"{field} {op}")


def test_alternatives_are_one_sentence() -> None:
    either = {
        "any": [
            {"field": "Industry", "op": "eq", "value": "Retail"},
            {"field": "Website", "op": "not_null"},
        ]
    }
    [told] = settings_words(settings_of(conditions=[either]), SCHEMAS).conditions
    assert told.text.ja == "「業種」が「小売業」である または 「Web サイト」が空でない"


def test_names_and_api_names_are_told_apart() -> None:
    """A page marks them: people's names are no words of ours, and API names are code."""
    kinds = {part.text: part.kind for part in _condition("Industry", "eq", "Retail").ja}
    assert kinds["業種"] == "name"
    assert kinds["小売業"] == "name"
    assert kinds["」が"] == "words"
    assert {part.text: part.kind for part in _condition("Nowhere__c", "is_null").ja}[
        "Nowhere__c"
    ] == "api"


def test_without_any_schema_api_names_are_shown() -> None:
    """Before the first sync, and of an object that the org hides now."""
    told = settings_words(settings_of(mapping=[OWNER]), {})
    assert told.mapping[0].field.text.ja == "Owner.Name"
    assert {part.kind for part in told.mapping[0].field.ja} == {"api"}


def test_a_mapping_without_a_type_has_the_fields_default() -> None:
    without = {key: value for key, value in INDUSTRY.items() if key != "type"}
    [told] = settings_words(settings_of(mapping=[without]), SCHEMAS).mapping
    assert told.type is not None
    assert told.type.ja == "単一選択"


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    def made(source: dict[str, Any]) -> TenantSettings:
        extra = source.pop("settings", {})
        return settings_of(**source).model_copy(update=extra)

    found = change_phrases(made(dict(before)), made(dict(after)), SCHEMAS)
    return [(one.text.ja, one.text.en, one.api) for one in found]


@pytest.mark.parametrize(
    ("before", "after", "ja", "api"),
    [
        (
            {},
            {"mapping": [OWNER]},
            "「担当者 ← 所有者 › 名前」を追加",
            "owner ← Owner.Name",
        ),
        (
            {"mapping": [OWNER]},
            {},
            "「担当者 ← 所有者 › 名前」を外す(取り込み済みの値は残り、更新されなくなります)",
            "owner ← Owner.Name",
        ),
        (
            {"mapping": [OWNER]},
            {"mapping": [OWNER | {"label": "営業担当"}]},
            "「営業担当」の項目名: 「担当者」 → 「営業担当」",
            "owner",
        ),
        (
            {"mapping": [OWNER]},
            {"mapping": [OWNER | {"from": "Parent.Owner.Name"}]},
            "「担当者」の取り込み元: 所有者 › 名前 → 親取引先 › 所有者 › 名前",
            "owner: Owner.Name → Parent.Owner.Name",
        ),
        (
            {"mapping": [INDUSTRY]},
            {"mapping": [INDUSTRY | {"type": "text"}]},
            "「業種」の型: 単一選択 → テキスト",
            "industry",
        ),
        (
            {"mapping": [INDUSTRY]},
            {"mapping": [INDUSTRY | {"when_blank": "keep"}]},
            "「業種」のSalesforceで空のとき: 空にする → 前の値を残す",
            "industry",
        ),
        (
            {},
            {"conditions": [{"field": "Industry", "op": "in", "value": ["Retail", "Old"]}]},
            "条件を追加: 「業種」が「旧区分」「小売業」のいずれか",
            "Industry in [Old, Retail]",
        ),
        (
            {"conditions": [{"any": [{"field": "Industry", "op": "ne", "value": "Retail"}]}]},
            {},
            "条件を外す: 「業種」が「小売業」でない(空を含む)",
            "Industry ne Retail",
        ),
        (
            {},
            {"one_to_one": [CONTRACT]},
            "1:1のオブジェクトを追加: 契約情報(取引先ごとに1件)",
            "Contract_Info__c.Account__c → Account › Info",
        ),
        ({}, {"object": "Opportunity"}, "連携元: 取引先 → 商談", ""),
        (
            {},
            {"settings": {"plan": "professional"}},
            "プラン: エンタープライズ → プロフェッショナル",
            "",
        ),
        (
            {"mapping": [OWNER, INDUSTRY]},
            {"mapping": [INDUSTRY, OWNER]},
            "項目の並び順を変更",
            "",
        ),
    ],
)
def test_a_change_is_a_sentence_in_the_orgs_labels(
    before: dict[str, Any], after: dict[str, Any], ja: str, api: str
) -> None:
    """No path of the settings file and no YAML: 担当者 ← 所有者 › 氏名."""
    [(told, english, beside)] = _changes(before, after)
    assert (told, beside) == (ja, api)
    assert english != ja


def test_what_did_not_change_is_not_told() -> None:
    assert _changes({"mapping": [OWNER]}, {"mapping": [OWNER]}) == []


def test_a_number_of_any_length_is_said() -> None:
    """Drafts have what was typed; Python makes no number of more than 4,300 digits."""
    digits = "9" * 5_000
    labels = Labels.of(settings_of().source, SCHEMAS)
    item = Condition(field="AnnualRevenue", op=Operator.GE, value=digits)
    assert digits in [part.text for part in condition_phrase(item, labels).ja]
