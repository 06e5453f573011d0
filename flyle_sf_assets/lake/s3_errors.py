"""Which error of ours a failed request to S3 is, by S3's code and the HTTP status.

The texts of the client library quote addresses, keys and signed requests: nothing of them is
repeated but the code, the status and the kind of a failed connection.

Source: Amazon S3 API Reference, "Error responses".
"""

import re
from dataclasses import dataclass

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.damage import RecordFilesUnavailable

LOST_KEY = "NoSuchKey"
OUT_OF_RANGE = "InvalidRange"
WRITES_AT_ONCE = ("ConditionalRequestConflict", "OperationAborted")
"""Another write of that name is under way, perhaps an earlier attempt: it may be repeated."""

_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")
_DELETE_CODE = re.compile(r"DeleteObjects request failed .*\(code: ([A-Za-z0-9]{1,64})\)")
_STATUS = re.compile(r"status code: ([1-5][0-9]{2})\b")
_KIND = re.compile(r"\bkind: (Connect|Timeout|Request|Decode|Interrupted|Unknown)\b")
_METADATA = re.compile(r"Error performing \w+ \S+/latest/(api/token|meta-data/)")
"""The machine's own role was asked for, because the environment has no credentials."""
_KEY_MISSING = re.compile(r"Missing (AccessKeyId|SecretAccessKey)\b")

_CERTIFICATE = re.compile(r"InvalidCertificate\(\s*([A-Za-z]{1,40})")
_BARE_REDIRECT = "redirect without LOCATION"


@dataclass(frozen=True, slots=True)
class _Rule:
    """``passes``: the same request may succeed soon."""

    meaning: Text
    code: str
    remedy: Text
    passes: bool = False


_BUCKET = _Rule(
    Text("バケットがありません", "there is no such bucket"),
    "s3_bucket_missing",
    Text(
        "FLYLE_LAKE_URL のバケット名と AWS_REGION を確認し、なければバケットを作成してください。"
        "自動で再開します",
        "Check the bucket's name in FLYLE_LAKE_URL and AWS_REGION, or make the bucket; it goes on"
        " by itself",
    ),
)
_DENIED = _Rule(
    Text("アクセスが拒否されました", "access is denied"),
    "s3_access_denied",
    Text(
        "この認証情報に、バケットの s3:ListBucket と、プレフィックス以下の s3:GetObject、"
        "s3:PutObject、s3:DeleteObject を許可してください。自動で再開します",
        "Allow this key s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and"
        " s3:DeleteObject below the prefix; it goes on by itself",
    ),
)
_NO_KEYS = _Rule(
    Text("認証情報が設定されていません", "no credentials are set"),
    "s3_credentials_missing",
    Text(
        "AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を、実行するすべてのプロセスの環境変数に"
        "設定してください",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of every process that"
        " runs this",
    ),
)
_REFUSED_KEYS = _Rule(
    Text("認証情報が正しくありません", "the credentials are not accepted"),
    "s3_credentials_refused",
    Text(
        "AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY、AWS_SESSION_TOKEN の組み合わせを確認して"
        "ください。自動で再開します",
        "Check that AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN belong"
        " together; it goes on by itself",
    ),
)
_EXPIRED = _Rule(
    Text("一時的な認証情報の有効期限が切れています", "the temporary credentials have expired"),
    "s3_token_expired",
    Text(
        "新しい認証情報とトークンを環境変数に設定し、プロセスを再起動してください。"
        "更新が自動で行われるロール(ECS・EKS・EC2)の利用をお勧めします",
        "Put new credentials with their token into the environment and start the processes again;"
        " better is a role that renews them by itself (ECS, EKS, EC2)",
    ),
)
_CLOCK = _Rule(
    Text("このマシンの時計がずれています", "this machine's clock is wrong"),
    "s3_clock_skewed",
    Text(
        "このマシンの時刻を合わせてください(NTP)。自動で再開します",
        "Set this machine's clock (NTP); it goes on by itself",
    ),
)
_REGION = _Rule(
    Text("バケットは別のリージョンにあります", "the bucket is in another region"),
    "s3_region_wrong",
    Text(
        "AWS_REGION をバケットのリージョンにしてください。AWS_ENDPOINT_URL がある場合は"
        "それも確認してください",
        "Set AWS_REGION to the bucket's region, and check AWS_ENDPOINT_URL if it is set",
    ),
)
_SLOW = _Rule(
    Text("リクエストを減らすよう求められ続けました", "it kept asking for fewer requests"),
    "s3_slow_down",
    Text(
        "対処は不要です。自動で再試行します。続く場合は同時に実行する数を減らしてください",
        "Nothing; it is tried again by itself. If it continues, run fewer at once",
    ),
    passes=True,
)
_FAILED = _Rule(
    Text("S3 側のエラーが続きました", "it kept failing on its side"),
    "s3_failed",
    Text(
        "対処は不要です。自動で再試行します。続く場合は S3 の稼働状況を確認してください",
        "Nothing; it is tried again by itself. If it continues, look at the store's status page",
    ),
    passes=True,
)
_UNREACHABLE = _Rule(
    Text("接続できないか、応答が途切れました", "it cannot be reached, or the answer broke off"),
    "s3_unreachable",
    Text(
        "AWS_ENDPOINT_URL、AWS_REGION とネットワーク(DNS、ファイアウォール、プロキシ)を確認して"
        "ください。自動で再試行します",
        "Check AWS_ENDPOINT_URL, AWS_REGION and the network (DNS, firewall, proxy); it is tried"
        " again by itself",
    ),
    passes=True,
)
_CERTIFICATE_REFUSED = _Rule(
    Text("サーバー証明書を確認できません", "its certificate is not trusted"),
    "s3_certificate_refused",
    Text(
        "社内 CA の証明書の場合は AWS_CA_BUNDLE に CA 証明書(PEM)を指定してください。"
        "それ以外では AWS_ENDPOINT_URL とこのマシンの時刻を確認してください",
        "Behind a private CA set AWS_CA_BUNDLE to its certificates (PEM); else check"
        " AWS_ENDPOINT_URL and this machine's clock",
    ),
)
_REFUSED = _Rule(
    Text("リクエストが拒否されました", "it refused the request"),
    "s3_refused",
    Text(
        "括弧内のコードの意味を S3 の資料で調べてください。互換ストレージの場合は、条件付き書き込み"
        "(If-None-Match)に対応しているか確認してください",
        "Look its code up in the documentation of S3; of a compatible store check that it supports"
        " conditional writes (If-None-Match)",
    ),
)

_BY_CODE = {
    "NoSuchBucket": _BUCKET,
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AccountProblem": _DENIED,
    "InvalidAccessKeyId": _REFUSED_KEYS,
    "SignatureDoesNotMatch": _REFUSED_KEYS,
    "InvalidToken": _REFUSED_KEYS,
    "ExpiredToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "PermanentRedirect": _REGION,
    "TemporaryRedirect": _REGION,
    "IncorrectEndpoint": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "SlowDown": _SLOW,
    "ServiceUnavailable": _SLOW,
    "TooManyRequests": _SLOW,
    "RequestLimitExceeded": _SLOW,
    "InternalError": _FAILED,
    "RequestTimeout": _UNREACHABLE,
    **dict.fromkeys(WRITES_AT_ONCE, _FAILED),
}
_BY_STATUS = {
    301: _REGION,
    307: _REGION,
    401: _REFUSED_KEYS,
    403: _DENIED,
    408: _UNREACHABLE,
    429: _SLOW,
    503: _SLOW,
}


class S3Failed(RecordFilesUnavailable):
    """A request to S3 failed: the lake is not available, and no file counts as lost.

    ``passes``: the same request may succeed soon, so that it is retried.
    """

    passes: bool = False


def code_in(error: BaseException) -> str:
    """S3's own code in an error of the client library; empty when S3 gave none."""
    found = _CODE.search(str(error)) or _DELETE_CODE.search(str(error))
    return found[1] if found else ""


def s3_error(error: BaseException, tried: Text) -> S3Failed:
    """Our error for one of the client library; of its text only codes are kept."""
    text, code = str(error), code_in(error)
    found = _STATUS.search(text)
    status = int(found[1]) if found else None
    rule, answer = _rule(text, code, status), " ".join(filter(None, (str(status or ""), code)))
    if not answer:
        answer = _without_status(error, text)
    failed = S3Failed(
        rule.code,
        tried=tried,
        came_back=Text(f"{rule.meaning.ja}(「{answer}」)", f"S3: {rule.meaning.en} (“{answer}”)"),
        remedy=rule.remedy,
    )
    failed.passes = rule.passes
    return failed


def _without_status(error: BaseException, text: str) -> str:
    """What is known of an answer that was none, or of a redirect to nowhere."""
    if _BARE_REDIRECT in text:
        return "redirect"
    if missing := _KEY_MISSING.search(text):
        return missing[0]
    if refused := _CERTIFICATE.search(text):
        return refused[1]
    kind = _KIND.search(text)
    return kind[1] if kind else type(error).__name__


def _rule(text: str, code: str, status: int | None) -> _Rule:
    if _METADATA.search(text) or _KEY_MISSING.search(text):
        return _NO_KEYS
    if _CERTIFICATE.search(text):
        return _CERTIFICATE_REFUSED
    if _BARE_REDIRECT in text:
        return _REGION
    return _BY_CODE.get(code) or _of_status(status)


def _of_status(status: int | None) -> _Rule:
    if status is None:
        return _UNREACHABLE
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return _FAILED if status >= 500 else _REFUSED  # noqa: PLR2004  where HTTP's server errors begin
