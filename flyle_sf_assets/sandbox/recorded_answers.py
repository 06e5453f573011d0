"""Recorded refusals of real orgs, which `FaultKind.RECORDED` makes an org give.

Sources are named in docs/conformance.md. The English words are as recorded; Japanese ones are
recorded for query errors (``実装の制限: …``) and translated for the others: an org answers in the
language of the user who asks, and its codes stay the same. What does not belong here: refusals
that follow from the org's state (``refusals.py``, ``access.py``, ``authorization.py``).
"""

from dataclasses import dataclass
from typing import Literal

Way = Literal["rest", "token", "callback", "job"]
"""``rest``: any data resource; ``job``: the ``errorMessage`` of a Bulk job that ends Failed."""


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """``code`` is ``errorCode``, or OAuth's ``error``; blank for a job."""

    way: Way
    status: int
    code: str
    english: str
    japanese: str

    def words(self, language: str) -> str:
        """The message in ``en`` or ``ja``."""
        return self.japanese if language == "ja" else self.english


RECORDED_ANSWERS = {
    "login_in_progress": RecordedAnswer(
        "token",
        400,
        "invalid_grant",
        "token request is already being processed",
        "トークン要求はすでに処理中です",
    ),
    "app_not_installed": RecordedAnswer(
        "token",
        400,
        "invalid_client",
        "app must be installed into org",
        "アプリケーションを組織にインストールする必要があります",
    ),
    "app_not_approved": RecordedAnswer(
        "callback",
        302,
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "An unexpected error has occurred during authentication. Please try again.",
        "認証中に予期しないエラーが発生しました。もう一度お試しください。",
    ),
    "app_not_found": RecordedAnswer(
        "callback",
        302,
        "OAUTH_EC_APP_NOT_FOUND",
        "external client app is not installed in this org",
        "外部クライアントアプリケーションがこの組織にありません",
    ),
    "app_of_other_org": RecordedAnswer(
        "callback",
        302,
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
        "この外部クライアントアプリケーションでは組織間の OAuth フローはサポートされていません",
    ),
    "assertion_invalid": RecordedAnswer(
        "token", 400, "invalid_grant", "invalid assertion", "アサーションが無効です"
    ),
    "audience_invalid": RecordedAnswer(
        "token", 400, "invalid_grant", "audience is invalid", "対象者が無効です"
    ),
    "client_credentials_off": RecordedAnswer(
        "token",
        400,
        "invalid_grant",
        "client credentials flow not enabled",
        "クライアントログイン情報フローが有効になっていません",
    ),
    "refresh_token_dead": RecordedAnswer(
        "token",
        400,
        "invalid_grant",
        "expired access/refresh token",
        "アクセス/更新トークンの有効期限が切れています",
    ),
    "session_not_for_rest": RecordedAnswer(
        "rest",
        401,
        "INVALID_SESSION_ID",
        "This session is not valid for use with the REST API",
        "このセッションは REST API での使用には無効です",
    ),
    "transaction_security": RecordedAnswer(
        "rest",
        400,
        "TXN_SECURITY_METERING_ERROR",
        "We can't complete the action because enabled transaction security policies took too long"
        " to complete.",
        "有効なトランザクションセキュリティポリシーの処理に時間がかかりすぎたため、"
        "このアクションを完了できません。",
    ),
    "transaction_security_403": RecordedAnswer(
        "rest",
        403,
        "TXN_SECURITY_METERING_ERROR",
        "We can't complete the action because enabled transaction security policies took too long"
        " to complete.",
        "有効なトランザクションセキュリティポリシーの処理に時間がかかりすぎたため、"
        "このアクションを完了できません。",
    ),
    "password_expired": RecordedAnswer(
        "rest",
        403,
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        "The users password has expired, you must call SetPassword before attempting any other API"
        " operations",
        "ユーザーのパスワードの有効期限が切れています。他の API 操作の前に SetPassword"
        " を呼び出す必要があります",
    ),
    "url_not_reset": RecordedAnswer(
        "rest",
        400,
        "URL_NOT_RESET",
        "Destination URL not reset. The URL returned from login must be set",
        "宛先 URL がリセットされていません。ログインから返された URL を設定する必要があります",
    ),
    "url_not_reset_404": RecordedAnswer(
        "rest",
        404,
        "URL_NOT_RESET",
        "Destination URL not reset. The URL returned from login must be set",
        "宛先 URL がリセットされていません。ログインから返された URL を設定する必要があります",
    ),
    "too_many_ids": RecordedAnswer(
        "rest",
        400,
        "OPERATION_TOO_LARGE",
        "exceeded 100000 distinct ids",
        "100000 個の一意の ID を超えました",
    ),
    "query_not_supported": RecordedAnswer(
        "rest",
        400,
        "API_ERROR",
        "Implementation restriction: only allows security evaluation for non-admin users when LIMIT"
        " is specified and at most 1000",
        "実装の制限: LIMIT が指定され、かつ 1000 以下の場合のみ、"
        "管理者以外のユーザーのセキュリティ評価が許可されます",
    ),
    "job_gone": RecordedAnswer(
        "rest", 400, "INVALIDJOB", "Unable to find job", "ジョブが見つかりません"
    ),
    "job_crashed": RecordedAnswer(
        "job",
        200,
        "",
        "Unexpected exception encountered in query processing. Please contact support with the"
        " following id: 326566388-63578 (-436445966)",
        "クエリの処理中に予期しない例外が発生しました。次の ID をサポートにお知らせください:"
        "326566388-63578 (-436445966)",
    ),
}
"""By the name in `Fault.answer`."""
