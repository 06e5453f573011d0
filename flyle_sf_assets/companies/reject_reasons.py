"""Why values and rows of companies are rejected, and the remedy for each, in words.

What does not belong here: the rejected values of a run (``rejections.py``).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.errors import Text


class RejectReason(StrEnum):
    """Why a value, or (the first four) a whole row, was rejected. Stable codes."""

    BAD_ID = "bad_id"
    DUPLICATE_ID = "duplicate_id"
    EMPTY_NAME = "empty_name"
    BAD_STATUS = "bad_status"
    SEVERAL_RECORDS = "several_records"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_DIGITS = "too_many_digits"
    NOT_A_DATE = "not_a_date"
    NOT_A_DATETIME = "not_a_datetime"
    DATE_OUT_OF_RANGE = "date_out_of_range"
    NOT_A_TIME = "not_a_time"
    NOT_A_BOOLEAN = "not_a_boolean"
    NOT_A_URL = "not_a_url"
    OPTION_NOT_IN_CATALOG = "option_not_in_catalog"


_REMEDIES: Mapping[RejectReason, Text] = MappingProxyType(
    {
        RejectReason.BAD_ID: Text(
            "SalesforceのIDとして正しくありません。サポートにお問い合わせください",
            "This is not a valid Salesforce id. Contact support",
        ),
        RejectReason.DUPLICATE_ID: Text(
            "同じIDのレコードが重複しています。サポートにお問い合わせください",
            "Several rows have this id. Contact support",
        ),
        RejectReason.EMPTY_NAME: Text(
            "Salesforceでこのレコードの名前を入力してください",
            "Give this record a name in Salesforce",
        ),
        RejectReason.BAD_STATUS: Text(
            "状態と理由の組み合わせが正しくありません。サポートにお問い合わせください",
            "The status and its reason do not fit together. Contact support",
        ),
        RejectReason.SEVERAL_RECORDS: Text(
            "{path} は1対1の設定ですが、対象レコードが複数あります。"
            "Salesforceで1件だけにするか、設定の one_to_one を見直してください",
            "{path} is declared one-to-one, but several records were found. "
            "Leave only one in Salesforce, or change one_to_one in the settings",
        ),
        RejectReason.NOT_A_NUMBER: Text(
            "{path} の値が数値ではありません。"
            "Salesforceで値を直すか、type: text で連携してください",
            "The value of {path} is not a number. Correct it in Salesforce, or map it as text",
        ),
        RejectReason.TOO_MANY_DIGITS: Text(
            "{path} の値は桁数が多く、丸めずに保持できません。"
            "数式なら ROUND() で桁数を減らすか、type: text で連携してください",
            "The value of {path} has too many digits to be kept without rounding. "
            "Reduce them (ROUND() in a formula), or map it as text",
        ),
        RejectReason.NOT_A_DATE: Text(
            "{path} の値が日付ではありません。"
            "Salesforceで値を直すか、type: text で連携してください",
            "The value of {path} is not a date. Correct it in Salesforce, or map it as text",
        ),
        RejectReason.NOT_A_DATETIME: Text(
            "{path} の値が日時ではありません。Salesforceで値を確認してください",
            "The value of {path} is not a date and time. Look at it in Salesforce",
        ),
        RejectReason.DATE_OUT_OF_RANGE: Text(
            "{path} の値は西暦1年から9999年の範囲にありません。Salesforceで値を直してください",
            "The value of {path} is not within the years 1 to 9999. Correct it in Salesforce",
        ),
        RejectReason.NOT_A_TIME: Text(
            "{path} の値が時刻ではありません。Salesforceで値を確認してください",
            "The value of {path} is not a time of day. Look at it in Salesforce",
        ),
        RejectReason.NOT_A_BOOLEAN: Text(
            "{path} の値が true / false ではありません。Salesforceで値を確認してください",
            "The value of {path} is neither true nor false. Look at it in Salesforce",
        ),
        RejectReason.NOT_A_URL: Text(
            "{path} の値が http または https のURLではありません。"
            "Salesforceで値を直すか、type: text で連携してください",
            "The value of {path} is not an http or https URL. "
            "Correct it in Salesforce, or map it as text",
        ),
        RejectReason.OPTION_NOT_IN_CATALOG: Text(
            "{path} の値がまだ選択肢にありません。"
            "次回の連携で選択肢が更新されると自動的に取り込まれます",
            "The value of {path} is not among the options yet. "
            "It is taken by itself once the next refresh has followed the options",
        ),
    }
)


def remedy_for(reason: str, path: str | None) -> Text:
    """Why a value of the Salesforce field ``path``, or a whole row, was rejected, and the remedy.

    ValueError for a reason that is none of `RejectReason`.
    """
    text = _REMEDIES[RejectReason(reason)]
    named = path or ""
    return Text(text.ja.replace("{path}", named), text.en.replace("{path}", named))


def remedy(reason: RejectReason, field: CompanyField | None = None) -> str:
    """The remedy as it is stored: in Japanese and then in English."""
    text = remedy_for(reason, field.source_path if field else None)
    return f"{text.ja} / {text.en}"
