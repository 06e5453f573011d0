"""Which hosts may be called: Salesforce's own, and those that the operator lists.

Tokens and secrets are sent only to hosts that this module allows, and it refuses settings that name
another host. Source: Salesforce Help, "My Domain URL Formats" and "Allow the Required Domains".
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from flyle_sf_assets.errors import Text, UsageError

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOSTNAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ORG_DOMAINS = (
    # Production; also with sandbox, develop, scratch, trailblaze, … between name and suffix.
    re.compile(rf"(?:{_LABEL}\.)+my\.salesforce\.com"),
    re.compile(rf"(?:{_LABEL}\.)+my\.salesforce\.mil"),
    re.compile(rf"(?:{_LABEL}\.)+my\.sfcrmproducts\.cn"),
    re.compile(rf"{_LABEL}\.cloudforce\.com"),
    # Instances (na123, cs42, ap5s): older orgs still return them as instance_url.
    re.compile(r"[a-z]{2,4}[0-9]{1,4}[a-z]?\.salesforce\.com"),
    re.compile(r"(?:login|test)\.salesforce\.(?:com|mil)"),
    re.compile(r"login\.sfcrmproducts\.cn"),
)
_PAGE_DOMAINS = re.compile(
    r"(?P<org>.+?)(?P<partition>\.sandbox|\.develop|\.scratch|\.trailblaze|)"
    r"\.(?:lightning\.force\.com|my\.salesforce-setup\.com)"
)


def extra_hosts(listed: Iterable[str]) -> frozenset[str]:
    """``FLYLE_SF_EXTRA_HOSTS`` as a set of ``host:port``; a host without port means 443.

    UsageError when an entry is not ``host`` or ``host:port``.
    """
    found = set()
    for entry in (text.strip().lower() for text in listed):
        if not entry:
            continue
        parts = _split(f"https://{entry}")
        if parts is None or not _is_bare(parts) or parts.path:
            raise UsageError(
                "extra_host_invalid",
                tried=Text(
                    "FLYLE_SF_EXTRA_HOSTS を読み込もうとしました",
                    "Tried to read FLYLE_SF_EXTRA_HOSTS",
                ),
                came_back=Text.quoted(entry),
                remedy=Text(
                    "host または host:port をコンマ区切りで指定してください",
                    "List host or host:port, separated by commas",
                ),
            )
        found.add(_authority(parts))
    return frozenset(found)


def pasted_org_url(text: str) -> str:
    """An org's address as a person pasted it, as the URL that it means; else the text as it is.

    A missing scheme is added, a page's path is dropped, full-width letters become ordinary ones,
    and the host of a Lightning or setup page becomes that of its My Domain. Whether it may be
    called is decided by `check_org_url`.

    >>> pasted_org_url(" acme--dev.sandbox.lightning.force.com/lightning/page/home ")
    'https://acme--dev.sandbox.my.salesforce.com'
    """
    narrow = unicodedata.normalize("NFKC", text).strip().strip("<>\"'「」")
    parts = _split(narrow if "://" in narrow else f"https://{narrow.lstrip('/')}")
    if parts is None or parts.scheme.lower() not in ("http", "https") or not _is_bare(parts):
        return text.strip()
    host = (parts.hostname or "").lower().rstrip(".")
    page = _PAGE_DOMAINS.fullmatch(host)
    if page:
        host = f"{page['org']}{page['partition']}.my.salesforce.com"
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"https://{_bracketed(host)}{port}"


def check_org_url(url: str, extra: Iterable[str] = ()) -> str:
    """The origin (``https://host[:port]``) of an org's URL, when it may be called.

    A path after the host is dropped: people copy it from the browser. ``extra`` are entries of
    ``FLYLE_SF_EXTRA_HOSTS``; only they may be IP addresses or use another port than 443.
    UsageError ``org_url_not_allowed`` otherwise.
    """
    parts = _split(url)
    if parts is None or parts.scheme.lower() != "https" or not _is_bare(parts):
        raise _refused(None)
    host = (parts.hostname or "").lower()
    if not is_allowed(url, extra):
        raise _refused(host)
    port = f":{parts.port}" if parts.port not in (None, 443) else ""
    return f"https://{_bracketed(host)}{port}"


def is_allowed(url: str, extra: Iterable[str] = ()) -> bool:
    """Whether a request may be sent to this URL: https, no user info, and an allowed host."""
    parts = _split(url)
    if parts is None or parts.scheme.lower() != "https" or not _is_bare(parts):
        return False
    if _authority(parts) in extra_hosts(extra):
        return True
    host = (parts.hostname or "").lower()
    if parts.port not in (None, 443) or _is_ip(host) or not _HOSTNAME.fullmatch(host):
        return False
    return any(domain.fullmatch(host) for domain in _ORG_DOMAINS)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL, None for an invalid one: ``https://a]`` is half an IPv6 address."""
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None


def _is_bare(parts: SplitResult) -> bool:
    """A host with an optional port: no user info, and nothing that parsers read differently."""
    try:
        port_is_good = parts.port != 0
    except ValueError:
        return False
    odd = any(letter in parts.netloc for letter in "@\\%") or not parts.netloc.isascii()
    return bool(parts.hostname) and port_is_good and not odd and "\\" not in parts.path


def _authority(parts: SplitResult) -> str:
    return f"{_bracketed((parts.hostname or '').lower())}:{parts.port or 443}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_ip(host: str) -> bool:
    # Also the short and octal forms (127.1, 0x7f000001) that resolvers accept as addresses.
    if re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refused(host: str | None) -> UsageError:
    named = host or "?"
    page = _PAGE_DOMAINS.fullmatch(named)
    if page:
        own = f"https://{page['org']}{page['partition']}.my.salesforce.com"
        remedy = Text(f"{own} を指定してください", f"Use {own}")
    else:
        remedy = Text(
            "組織の「私のドメイン」の URL (https://会社名.my.salesforce.com) を指定してください。"
            "それ以外のホストは FLYLE_SF_EXTRA_HOSTS に登録が必要です",
            "Use the org's My Domain URL (https://NAME.my.salesforce.com); any other host must be"
            " listed in FLYLE_SF_EXTRA_HOSTS",
        )
    shown = named if host else "not https://HOST"
    return UsageError(
        "org_url_not_allowed",
        tried=Text("組織の URL を確認しようとしました", "Tried to check the org URL"),
        came_back=Text(
            f"{shown} は Salesforce のホストではありません", f"{shown} is not a Salesforce host"
        ),
        remedy=remedy,
    )
