"""Which bucket, prefix and endpoint: from ``FLYLE_LAKE_URL`` and the ``AWS_*`` variables.

Plain HTTP is allowed to this machine only, unless ``AWS_ALLOW_HTTP`` says otherwise.
"""

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flyle_sf_assets.errors import Text, UsageError

_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(?:/[A-Za-z0-9_.=+-]+)*)/?"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A prefix of a bucket; ``endpoint`` is None at Amazon.

    ``ca_file`` has CA certificates to trust beside the system's.
    """

    bucket: str
    prefix: str
    endpoint: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    @property
    def place(self) -> str:
        """As messages name it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def address_of(url: str, variables: Mapping[str, str]) -> Address:
    """The address in ``s3://bucket/prefix``; ``variables`` are those of the process.

    Raises UsageError (``ca_file_unreadable``, ``lake_url_invalid``, ``s3_endpoint_invalid``,
    ``s3_endpoint_insecure``); no error repeats the URL, which may contain what does not belong
    there.
    """
    found = _URL.fullmatch(url)
    parts = [] if found is None else found["prefix"].split("/")
    if found is None or {".", ".."} & set(parts):
        raise UsageError(
            "lake_url_invalid",
            tried=Text("FLYLE_LAKE_URL を読み取ろうとしました", "Tried to read FLYLE_LAKE_URL"),
            came_back=Text(
                "s3:// で始まりますが、バケットとプレフィックスではありません",
                "It begins with s3:// and does not name a bucket and a prefix",
            ),
            remedy=Text(
                "s3://バケット/プレフィックス の形で指定してください。認証情報とエンドポイントは"
                "AWS_* の環境変数で指定します",
                "Write it like s3://bucket/prefix; credentials and endpoint belong into the"
                " AWS_* variables",
            ),
        )
    return Address(
        found["bucket"], found["prefix"].strip("/"), _endpoint(variables), _ca_file(variables)
    )


def _endpoint(variables: Mapping[str, str]) -> str | None:
    """The address of S3 when it is not Amazon's own; UsageError when it cannot be used."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    name = next((one for one in names if variables.get(one)), None)
    if name is None:
        return None
    tried = Text(f"{name} を読み取ろうとしました", f"Tried to read {name}")
    scheme, host = _scheme_and_host(variables[name])
    if not host or scheme not in ("http", "https"):
        raise UsageError(
            "s3_endpoint_invalid",
            tried=tried,
            came_back=Text("URL ではありません", "It is no URL of a host"),
            remedy=Text(
                "https://ホスト:ポート の形で指定してください", "Write it like https://host:port"
            ),
        )
    is_allowed = variables.get("AWS_ALLOW_HTTP", "").lower() in ("true", "1")
    if scheme == "http" and not is_allowed and not _is_this_machine(host):
        raise UsageError(
            "s3_endpoint_insecure",
            tried=tried,
            came_back=Text(
                f"{host} への接続が暗号化されません(http://)",
                f"The connection to {host} would not be encrypted (http://)",
            ),
            remedy=Text(
                "https:// にしてください。閉じたネットワークの中だけの場合は AWS_ALLOW_HTTP=true で"
                "許可できます",
                "Write https://; inside a closed network AWS_ALLOW_HTTP=true allows it",
            ),
        )
    return variables[name].rstrip("/")


def _ca_file(variables: Mapping[str, str]) -> Path | None:
    """The file of AWS_CA_BUNDLE. Raises UsageError ``ca_file_unreadable``."""
    given = variables.get("AWS_CA_BUNDLE")
    if not given:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(given)
    except OSError as error:
        raise UsageError(
            "ca_file_unreadable",
            tried=Text(
                f"AWS_CA_BUNDLE ({given}) を読み込もうとしました",
                f"Tried to read AWS_CA_BUNDLE ({given})",
            ),
            came_back=Text.quoted(error.strerror or type(error).__name__),
            remedy=Text(
                "PEM 形式の CA 証明書のファイルを指定してください",
                "Name a file of CA certificates in PEM form",
            ),
        ) from error
    return Path(given)


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both empty for what is no URL, or has a password in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    return ("", "") if "@" in parts.netloc or parts.query else (parts.scheme, host)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
