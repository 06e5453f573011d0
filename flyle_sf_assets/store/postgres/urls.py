"""PostgreSQL URLs as people write them, parsed once for both databases.

``postgresql://`` and ``postgres://`` with any driver suffix or none, ``?host=/directory`` for a
Unix socket, ``sslmode`` and every other parameter of libpq. The product chooses the driver:
psycopg 3 for its own data; psycopg 2 for Dagster, whose storage binds a parameter in NOTIFY,
which works only with psycopg 2.

No error shows any part of a URL that may belong to its password.
Source: PostgreSQL documentation, 32.1.1.2 "Connection URIs" and 32.1.2 "Parameter Key Words".
"""

import re
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import psycopg
import sqlalchemy as sa
from psycopg import conninfo

from flyle_sf_assets.errors import Text, UsageError

PRODUCT_VARIABLE = "FLYLE_DATABASE_URL"
DAGSTER_VARIABLE = "FLYLE_DAGSTER_DATABASE_URL"

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
PORT_MAX = 65_535

_SCHEME = re.compile(r"postgres(ql)?(\+[a-z0-9_]+)?", re.IGNORECASE)
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")

ENCODE = Text(
    "ユーザー名とパスワードの記号はパーセントエンコードしてください"
    "（@ は %40、: は %3A、/ は %2F、? は %3F、# は %23、% は %25、空白は %20）",
    "Percent-encode special characters of the user's name and password: @ is %40, : is %3A,"
    " / is %2F, ? is %3F, # is %23, % is %25, a blank is %20",
)


def product_url(text: str) -> sa.URL:
    """The URL of the product's database for psycopg 3. Raises UsageError."""
    return _read(text.strip(), PRODUCT_VARIABLE).set(drivername="postgresql+psycopg")


def dagster_url(text: str) -> str:
    """The URL of Dagster's database for its storage, with the password. Raises UsageError."""
    return as_text(_read(text.strip(), DAGSTER_VARIABLE).set(drivername="postgresql+psycopg2"))


def as_text(url: sa.URL) -> str:
    """The whole URL with the password, in a form that parses to the same URL."""
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def _read(text: str, variable: str) -> sa.URL:
    split = _split(text, variable)
    userinfo, _, place = split.netloc.rpartition("@")
    user, has_password, password = userinfo.partition(":")
    query = _query(split.query, variable)
    # As in libpq: parameters after the question mark have priority.
    host, port = _host_and_port(place, variable)
    host = query.pop("host", host)
    port = query.pop("port", port)
    database = query.pop("dbname", unquote(split.path[1:]))
    if not database:
        _refuse(
            variable,
            Text("URL にデータベース名がありません", "the URL names no database"),
            Text(
                "末尾にデータベース名を付けてください（…/flyle のように）",
                "End it with the database's name, like …/flyle",
            ),
        )
    if port and not (port.isdecimal() and 0 < int(port) <= PORT_MAX):
        _refuse(
            variable,
            Text(
                "ポートが1〜65535の数値ではありません", "the port is not a number from 1 to 65535"
            ),
            ENCODE,
        )
    if "," in host or "," in query.get("hostaddr", ""):
        _refuse_several_hosts(variable)
    is_socket = host.startswith("/")
    if is_socket:
        query |= {"host": host} | ({"port": port} if port else {})
    _check_parameters(query, variable)
    return sa.URL.create(
        "postgresql",
        username=query.pop("user", unquote(user)) or None,
        password=query.pop("password", unquote(password) if has_password else "") or None,
        host=None if is_socket else host or None,
        port=int(port) if port and not is_socket else None,
        database=database,
        query=query,
    )


def _split(text: str, variable: str) -> SplitResult:
    """The URL's five parts, with an empty fragment."""
    scheme, colon, _ = text.partition("://")
    if not colon or not _SCHEME.fullmatch(scheme):
        _refuse(
            variable,
            Text(
                "postgresql:// または postgres:// で始まっていません",
                "it does not begin with postgresql:// or postgres://",
            ),
            Text(
                "postgresql://user:password@host:5432/database の形式で指定してください",
                "Write it like postgresql://user:password@host:5432/database",
            ),
        )
    if _UNPRINTABLE.search(text):
        _refuse(
            variable,
            Text("空白か改行が含まれています", "there is a blank or a line break inside"),
            ENCODE,
        )
    if _HALF_ENCODED.search(text):
        _refuse(
            variable,
            Text(
                "% の後に16進数2桁がありません",
                "there is a % without two hexadecimal digits behind it",
            ),
            ENCODE,
        )
    try:
        split = urlsplit(text)
    except ValueError:  # square brackets that do not enclose an address
        split = None
    # A slash, question mark or number sign in a password ends that part of the URL.
    if split is None or split.fragment or "@" in split.path + split.query:
        _refuse(
            variable,
            Text(
                "ユーザー名、パスワード、ホストを区別できません",
                "user, password and host cannot be told apart",
            ),
            ENCODE,
        )
    return split


def _host_and_port(place: str, variable: str) -> tuple[str, str]:
    """``host:port``, ``[::1]:port`` or an encoded ``/directory``; missing parts are empty."""
    if "," in place:
        _refuse_several_hosts(variable)
    found = re.fullmatch(
        r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[^:]*))?", place
    )
    if found is None:
        _refuse(
            variable,
            Text(
                "ホストが名前でもアドレスでもありません(IPv6 は角括弧で囲みます)",
                "the host is not a name or an address; one of IPv6 stands in square brackets",
            ),
            Text(
                "IPv6アドレスは [::1] のように角括弧で囲んでください。" + ENCODE.ja,
                "Write an IPv6 address in square brackets, like [::1]. " + ENCODE.en,
            ),
        )
    return unquote(found["six"] or found["host"] or ""), found["port"] or ""


def _query(text: str, variable: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
    except ValueError:
        _refuse(
            variable,
            Text(
                "「?」の後が name=value の並びではありません",
                "what stands behind the question mark is not a list of name=value",
            ),
            Text(
                "「?」の後は sslmode=require&connect_timeout=5 のように指定してください。"
                + ENCODE.ja,
                "Write parameters like ?sslmode=require&connect_timeout=5. " + ENCODE.en,
            ),
        )
    names = [name for name, _ in pairs]
    if names.count("host") > 1 or names.count("port") > 1:
        _refuse_several_hosts(variable)
    if len(set(names)) < len(names):
        _refuse(
            variable,
            Text("同じパラメーターが複数あります", "a parameter stands there twice"),
            Text("同じパラメーターは一度だけ指定してください", "Name each parameter once"),
        )
    return dict(pairs)


def _check_parameters(query: Mapping[str, str], variable: str) -> None:
    """Checks that libpq knows every parameter."""
    for name, value in query.items():
        try:
            conninfo.make_conninfo("", **{name: value})
        except (psycopg.Error, TypeError):
            shown = name if re.fullmatch(r"[A-Za-z_]{1,30}", name) else "…"
            _refuse(
                variable,
                Text(
                    f"PostgreSQL のクライアントにないパラメーターです: {shown}",
                    f"PostgreSQL's client knows no parameter {shown}",
                ),
                Text(
                    "libpqの接続パラメーター（sslmode、sslrootcert、connect_timeout、"
                    "optionsなど）だけを指定してください",
                    "Use connection parameters of libpq only: sslmode, sslrootcert,"
                    " connect_timeout, options and so on",
                ),
            )
    if query.get("sslmode", "prefer") not in SSL_MODES:
        _refuse(
            variable,
            Text(
                "sslmode の値が正しくありません",
                "sslmode has a value that PostgreSQL's client does not know",
            ),
            Text(
                f"sslmode は {'、'.join(SSL_MODES)} のいずれかです",
                f"sslmode is one of {', '.join(SSL_MODES)}",
            ),
        )


def _refuse_several_hosts(variable: str) -> NoReturn:
    _refuse(
        variable,
        Text("複数のホストが指定されています", "it names several hosts"),
        Text(
            "ホストは一つだけ指定してください（切り替えにはプロキシか仮想IPを使ってください）",
            "Name one host; for fail-over use a proxy or a virtual address in front of them",
        ),
    )


def _refuse(variable: str, came_back: Text, remedy: Text) -> NoReturn:
    raise UsageError(
        "database_url_invalid",
        tried=Text(f"{variable} を読み取ろうとしました", f"Tried to read {variable}"),
        came_back=came_back,
        remedy=remedy,
    ) from None
