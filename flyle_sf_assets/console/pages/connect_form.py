"""The connect form: what was typed, what is wrong with each field, and how the last try ended.

Typed values and the end of a try outlive a redirect, and the way to Salesforce and back: sealed,
for this session, for a quarter of an hour. The Consumer Secret is never kept for the form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import msgspec

from flyle_sf_assets.connection.connect import AppEntry, Connected, OtherOrg
from flyle_sf_assets.console.request import Form, PageRequest
from flyle_sf_assets.errors import FlyleError, Text, sentences
from flyle_sf_assets.settings.hosts import pasted_org_url
from flyle_sf_assets.store.tenants.credentials import peek_pending, put_pending
from flyle_sf_assets.tenants.error_guidance import LinkRefusal, refusal_of

FIELD_CHARACTERS_MAX = 4_000

_MISSING = MappingProxyType(
    {
        "org_url": Text("組織のURLを入力してください", "Enter the org URL"),
        "consumer_key": Text("Consumer Keyを入力してください", "Enter the Consumer Key"),
        "consumer_secret": Text("Consumer Secretを入力してください", "Enter the Consumer Secret"),
    }
)
_NOT_AN_ORG = Text(
    "SalesforceのURLではありません。Salesforceにログインしたときのアドレスか、"
    "「設定」>「私のドメイン」のURLを貼り付けてください。",
    "This is not a Salesforce URL. Paste the address that you see when you are logged in to"
    " Salesforce, or the URL from Setup > My Domain.",
)
_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "org_url_not_allowed": "org_url",
        "host_not_found": "org_url",
        "not_on_this_domain": "org_url",
        "org_moved": "org_url",
        "app_unknown": "consumer_key",
        "app_of_other_org": "consumer_key",
        "client_refused": "consumer_secret",
        "secret_wrong": "consumer_secret",
    }
)
"""By the code of an error: the field that it concerns."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form shows again."""

    org_url: str = ""
    consumer_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """An error as a page shows it, after it was kept."""

    code: str
    tried: Text
    result: Text
    remedy: Text
    refusal: LinkRefusal

    @staticmethod
    def of(error: FlyleError, contact: str) -> "Told":
        """Its texts in both languages: the reader may change the language."""
        refusal = refusal_of(error, contact)
        return Told(error.code, error.tried, error.result, error.remedy, refusal)

    @property
    def at_field(self) -> dict[str, Text]:
        """What to show at the field that it concerns; empty when it concerns none."""
        name = _FIELDS.get(self.code)
        if name is None:
            return {}
        if self.code == "org_url_not_allowed":
            return {name: _NOT_AN_ORG}
        answered = Text(f"結果: {self.result.ja}", f"What came back: {self.result.en}")
        return {name: sentences(self.remedy, answered)}


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one session: what was typed, and how the last try ended."""

    typed: Typed = field(default_factory=Typed)
    told: Told | None = None
    missing: Mapping[str, Text] = field(default_factory=dict)
    """By field: that nothing was typed there."""
    other: OtherOrg | None = None
    connected: Connected | None = None


def app_typed(form: Form) -> tuple[AppEntry, Typed, dict[str, Text]]:
    """The app with the org URL as it was meant, what was typed, and by field what is missing."""
    values = {name: form.one(name).strip()[:FIELD_CHARACTERS_MAX] for name in _MISSING}
    missing = {name: text for name, text in _MISSING.items() if not values[name]}
    app = AppEntry(
        pasted_org_url(values["org_url"]) if values["org_url"] else "",
        values["consumer_key"],
        values["consumer_secret"] or None,
    )
    return app, Typed(values["org_url"], values["consumer_key"]), missing


def keep(page_request: PageRequest, kept: Kept) -> None:
    """Stores it for this session; it replaces what was kept before."""
    installation, content = page_request.installation, msgspec.json.encode(kept).decode()
    with installation.database.tenant(page_request.tenant) as tx:
        put_pending(tx, installation.secrets, _name(page_request), content, page_request.now)


def kept_of(page_request: PageRequest) -> Kept:
    """What this session kept; nothing after a quarter of an hour."""
    installation = page_request.installation
    with installation.database.tenant(page_request.tenant) as tx:
        found = peek_pending(tx, installation.secrets, _name(page_request), page_request.now)
    return Kept() if found is None else msgspec.json.decode(found, type=Kept)


def told_once(page_request: PageRequest) -> Kept:
    """What this session kept; what was wrong is shown this time only."""
    kept = kept_of(page_request)
    if kept.told is not None or kept.missing:
        keep(page_request, replace(kept, told=None, missing={}))
    return kept


def _name(page_request: PageRequest) -> str:
    if page_request.session is None:
        raise LookupError("this page is open: no session keeps anything")
    return f"connect form of {page_request.session.cookie}"
