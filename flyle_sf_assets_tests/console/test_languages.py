"""One language at a time, on every page of the console."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import requests

from flyle_sf_assets.companies.guard import Loss, LossExample, MassChange
from flyle_sf_assets.companies.reject_reasons import RejectReason, remedy
from flyle_sf_assets.console.app import PageRoute
from flyle_sf_assets.console.demo_users import sample_users
from flyle_sf_assets.console.pages.overview import BANNERS_MAX
from flyle_sf_assets.console.rendering import Renderer
from flyle_sf_assets.console.users import ROLE_NAMES
from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.salesforce.errors import classification
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.companies.rejected_values import merge_rejected
from flyle_sf_assets.store.syncs.syncs import finish_sync, open_sync
from flyle_sf_assets.tenants.backoff import Attempt, record_failure, record_recovery
from flyle_sf_assets.tenants.held_changes import held_error, keep_held, release_held
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.languages import (
    banners_of,
    faults_of_page,
)

LANGUAGES = ("ja", "en")
PAGES = {
    "/companies": ("", "?q=no-such-name"),
    "/setup/fields": ("?for=mapping", "?for=conditions", "?q=Name&for=mapping", "?q=zzz"),
    "/setup/fields/below": ("?path=Owner&for=mapping", "?path=Nothing"),
    "/setup/mapping/options": ("?path=Industry",),
    "/callback": ("?code=x&state=y", "?error=access_denied&error_description=end-user+denied"),
}
"""The addresses of a route with a query; the others are visited without one."""

NOT_PAGES = ("/enter", "/health", "/language/{language}", "/metrics")


def _paths(street: Street, company: str) -> list[str]:
    """Every page of the application that is shown for an address."""
    return [
        route.path.format(external_id=company, version=1, sync_id=1) + query
        for route in street.house.app.routes
        if isinstance(route, PageRoute)
        and "GET" in (route.methods or ())
        and route.path not in NOT_PAGES
        and not route.path.endswith(".csv")
        for query in PAGES.get(route.path, ("",))
    ]


def _judged(page: requests.Response, language: str) -> list[str]:
    where = page.request.path_url
    return [f"{where} ({page.status_code}): {one}" for one in faults_of_page(page.text, language)]


@pytest.fixture(scope="module")
def troubled(street: Street) -> Street:
    """Tenants in trouble: notices of every kind, failed syncs, rejected values, attention."""
    installation, now = street.house.installation, datetime.now(UTC)
    attempt = Attempt(1, timedelta(hours=3), "Asia/Tokyo", "help@example.jp")
    with installation.database.tenant("acme") as tx:
        ids = [row.external_id for row in tx.execute("SELECT external_id FROM companies LIMIT 20")]
        rejected = pl.DataFrame(
            {
                "external_id": ids[: len(RejectReason)],
                "field": ["revenue", None] * (len(RejectReason) // 2),
                "value": ["not a number at all"] * len(RejectReason),
                "reason": [str(reason) for reason in RejectReason],
                "remedy": [remedy(reason) for reason in RejectReason],
            }
        )
        merge_rejected(tx, rejected, now)
        for number, error in enumerate(_answers_of_an_org()):
            sync = open_sync(tx, "refresh", f"run-{number}", now)
            finish_sync(tx, sync.sync_id, "failed", now, str(error))
            record_failure(tx, error, now, replace(attempt, version=number))
        sync = open_sync(tx, "full", "run-interrupted", now)
        finish_sync(tx, sync.sync_id, "failed", now, "KeyboardInterrupt")
        record_recovery(tx, now)
        record_failure(tx, _answers_of_an_org()[0], now, attempt)
    return street


def _answers_of_an_org() -> list[FlyleError]:
    """An org answers in English; its texts are quoted in pages of both languages."""
    tried = Text("取引先を検索しようとしました", "Tried to query Account")
    return [
        classification.of_answer(status, body, tried=tried).error
        for status, body in (
            (
                400,
                b'[{"errorCode":"INVALID_FIELD","message":"No such column was found"}]',
            ),
            (403, b'[{"errorCode":"API_DISABLED_FOR_ORG","message":"The REST API is off"}]'),
            (401, b'[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]'),
        )
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_one_language(troubled: Street, language: str) -> None:
    """結果, notices, reasons and some banners were English on Japanese pages."""
    with troubled.house.installation.database.tenant("acme") as tx:
        company = str(tx.execute("SELECT external_id FROM companies LIMIT 1").scalar_one())
    visitor = troubled.house.visitor("acme", language=language)
    found = []
    paths = _paths(troubled, company)
    assert len(paths) > 25
    for path in paths:
        page = visitor.get(path)
        assert page.status_code < 500, (path, page.text)
        found += _judged(page, language)
        assert banners_of(page.text) <= BANNERS_MAX, path
    assert not found, "\n".join(found)


CONDITIONS = {
    "c0": {"field": "Name", "op": "contains", "value": "株式会社"},
    "c1": {"field": "AnnualRevenue", "op": "gt", "value": "not a number"},
    "c2": {"field": "Industry", "op": "in", "value": "Technology"},
    "c3": {"field": "Type", "op": "eq", "value": ""},
    "c4": {"field": "CreatedDate", "op": "ge", "literal": "LAST_N_DAYS", "count": "x"},
    "c5": {"field": "IsDeleted", "op": "eq", "value": "true"},
    "c6": {"field": "No_Such__c", "op": "eq", "value": "x"},
    "c7": {"field": "OwnerId", "op": "is_null"},
}
MAPPING = {
    "m0": {"from": "AnnualRevenue", "to": "revenue", "label": "売上", "type": "number"},
    "m1": {"from": "Owner.Name", "to": "Bad Key", "label": "", "when_blank": "keep"},
    "m2": {"from": "No_Such__c", "to": "revenue", "label": "Nothing there"},
    "m3": {"from": "Industry", "to": "industry", "label": "業種", "type": "single_select"},
}


def _form(rows: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the page of these rows sends."""
    fields = {f"{row}.{name}": v for row, values in rows.items() for name, v in values.items()}
    groups = {f"{row}.group": row[1:] for row in rows if row.startswith("c")}
    return {"shown": "1", **groups, **fields}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_setup_is_in_one_language_whatever_is_typed(troubled: Street, language: str) -> None:
    """Every kind of input, right and wrong; then what the draft would do."""
    me = troubled.house.visitor("acme", language=language)
    me.post("/setup/discard")
    right = {name: row for name, row in CONDITIONS.items() if name in ("c0", "c2", "c5")}
    pages = [
        me.post("/setup/conditions/rows", {"add": "Website", **_form(CONDITIONS)}),
        me.post("/setup/conditions", _form(CONDITIONS)),
        me.get("/setup/conditions/rows?checked=1"),
        me.post("/setup/conditions/count", _form(CONDITIONS)),
        me.post("/setup/conditions/count", _form(right)),
        me.post("/setup/conditions", _form({"c0": CONDITIONS["c2"]})),
        me.post("/setup/mapping", _form(MAPPING)),
        me.get("/setup/mapping/rows"),
        me.get("/setup/mapping/samples"),
        me.get("/setup/confirm"),
        me.post("/setup/mapping", _form({"m0": MAPPING["m3"]})),
        *[
            me.get(f"/setup/{path}")
            for path in ("mapping/rows", "mapping/samples", "mapping/suggested", "confirm")
        ],
        me.get("/setup/confirm/impact"),
        me.get("/settings"),
        me.post("/setup/object", {"object": "Nothing", "every": "99h"}),
    ]
    me.post("/setup/discard")
    found = [one for page in pages for one in _judged(page, language)]
    assert not found, "\n".join(found)
    assert {page.status_code for page in pages} <= {200, 303, 422}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_is_in_one_language(street: Street, language: str) -> None:
    """A user without session, plan, right or workspace reads why in the same language."""
    house = street.house
    stranger = house.stranger(language)
    editor = house.visitor("acme", "editor", language=language)
    starter = house.visitor("acme", plan="starter", language=language)
    empty = house.visitor("not-linked", language=language)
    admin = house.visitor("acme", language=language)
    pages = {
        "nobody": stranger.get("/"),
        "token": stranger.get("/enter?token=wrong"),
        "missing": stranger.get("/no/such/page"),
        "plan": starter.get("/"),
        "role": editor.get("/connect"),
        "role, part": editor.get("/setup/mapping/rows", **{"HX-Request": "true"}),
        "form": admin.post("/sync", csrf="0" * 64),
        "form, part": admin.post("/sync", csrf="0" * 64, headers={"HX-Request": "true"}),
        "too large": admin.post("/sync", {"x": "y" * 600_000}),
        "company": admin.get("/companies/001000000000001AAA"),
        **{path: empty.get(path) for path in ("/", "/settings", "/companies", "/setup/object")},
        "sync": empty.post("/sync"),
        "replace": admin.post("/connect/replace", {"confirmation": "x"}),
        "sign out": house.visitor("acme", language=language).post("/leave"),
    }
    found = [f"{name}: {one}" for name, page in pages.items() for one in _judged(page, language)]
    assert not found, "\n".join(found)
    assert all(400 <= page.status_code < 500 for name, page in pages.items() if name in REFUSED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_held_change_is_told_in_one_language(street: Street, language: str) -> None:
    """Its notices had both languages in one body, and examples without quotation marks."""
    losses = (Loss("revenue", "売上", 60, 100, "20%"), Loss(None, "", 70, 100, "20%"))
    examples = (
        LossExample("revenue", "0015i0010000001AAA", "Not A Name Ltd and more", '"1"', "null"),
        LossExample(None, "0015i0010000002AAA", "株式会社", '"linked"', '"out_of_scope"'),
    )
    now, installation = datetime.now(UTC), street.house.installation
    error = held_error("globex", MassChange(losses, examples), kind="refresh", inputs="x")
    with installation.database.tenant("globex") as tx:
        sync = open_sync(tx, "refresh", f"held-{language}", now)
        keep_held(tx, error, sync_id=sync.sync_id, now=now, due_at=now)
        finish_sync(tx, sync.sync_id, "held", now, str(error))
    visitor = street.house.visitor("globex", language=language)
    pages = [visitor.get(path) for path in ("/", "/held", "/notices", "/syncs")]
    with installation.database.tenant("globex") as tx:
        held = get_held(tx)
        assert held is not None
        release_held(tx, replace(held, approved_by="console:me"), now, applied=language == "ja")
    pages.append(visitor.get("/notices"))
    found = [one for page in pages for one in _judged(page, language)]
    assert not found, "\n".join(found)
    assert banners_of(pages[0].text) <= BANNERS_MAX
    assert "flyle-sf" not in "".join(page.text for page in pages)


REFUSED = ("nobody", "token", "missing", "plan", "role", "form", "too large", "company", "sync")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_users_are_shown_in_one_language(language: str) -> None:
    """The demo's page is the first that anybody sees of the product."""
    users, to_try = sample_users(["acme", "globex"]), [(Text("組織URL", "Org URL"), "https://x")]
    page = Renderer("1").render(
        "sample_users.html",
        language,
        {
            "t": lambda ja, en: ja if language == "ja" else en,
            "user": None,
            "csrf": "",
            "path": "/demo",
            "support_contact": "help@example.jp",
            "users": users,
            "role_names": ROLE_NAMES,
            "to_try": to_try,
        },
    )
    assert not faults_of_page(page, language)
