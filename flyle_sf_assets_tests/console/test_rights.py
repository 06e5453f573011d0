"""S2, S3, X14: every route with every role, without a session, and with another tenant's things."""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute, Mount

from flyle_sf_assets.console.app import PageRoute
from flyle_sf_assets.console.request import Access
from flyle_sf_assets.console.users import ROLES
from flyle_sf_assets.store.tenants.console_sessions import Role
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor
from flyle_sf_assets_tests.postgres import admin

OF_SESSIONS = ("console_sessions", "console_tokens")

FORMS: dict[str, dict[str, str]] = {
    "/notices/read": {"notice": "{notice}"},
    "/held": {},
    "/settings/versions/{version}": {"newest": "1"},
    "/setup/object": {"object": "Opportunity", "every": "4h"},
    "/setup/one-to-one": {"add": "Contract_Info__c.Account__c.Account"},
    "/setup/copy": {"from": "globex"},
    "/setup/fields/reload": {"for": "mapping"},
    "/setup/conditions": {"shown": "1", "c0.field": "Name", "c0.op": "eq", "c0.value": "x"},
    "/setup/conditions/rows": {"add": "Name"},
    "/setup/conditions/draft": {"shown": "1", "c0.field": "Name", "c0.op": "eq"},
    "/setup/mapping/currencies": {},
    "/setup/mapping/draft": {"shown": "1", "m0.from": "Name", "m0.to": "n", "m0.label": "N"},
    "/setup/conditions/count": {"shown": "1"},
    "/setup/mapping": {"shown": "1", "m0.from": "Name", "m0.to": "n", "m0.label": "N"},
    "/setup/mapping/rows": {"add": "Name"},
    "/setup/confirm": {},
    "/setup/discard": {},
    "/sync": {},
    "/syncs/{sync_id}/rollback": {},
    "/syncs/{sync_id}/resume": {},
    "/connect": {"org_url": "{org_url}", "consumer_key": "{key}", "consumer_secret": "{secret}"},
    "/connect/replace": {"confirmation": "{notice}"},
    "/disconnect": {},
    "/leave": {},
}
"""What is sent to every route that changes something, with another tenant's things in it."""

LAST = ("/disconnect", "/leave")
QUERIES = {
    "/callback": "code=x&state=y",
    "/companies": "q={name}",
    "/setup/fields": "q=Name&for=mapping",
    "/setup/fields/below": "path=Owner&for=mapping",
    "/setup/mapping/options": "path=Industry",
    "/language/{language}": "back=//elsewhere.example",
}


def _routes(street: Street) -> list[PageRoute]:
    """Every route of the application, those that end things last."""
    found: list[BaseRoute] = [r for r in street.house.app.routes if not isinstance(r, Mount)]
    pages = [route for route in found if isinstance(route, PageRoute)]
    assert len(pages) == len(found), "a route that is no page goes past the checks"
    return sorted(pages, key=lambda route: LAST.index(route.path) if route.path in LAST else -1)


def _method(route: PageRoute) -> str:
    [method] = set(route.methods or ()) - {"HEAD"}
    return str(method)


@pytest.fixture(scope="module")
def others(street: Street) -> dict[str, str]:
    """Things of the other tenant, to be asked for by name."""
    [(company, name)] = street.globex.query(
        "SELECT external_id, name FROM flyle.companies WHERE tenant_id = %s ORDER BY name LIMIT 1"
    )
    [(notice,)] = street.globex.query(
        "SELECT notification_id FROM flyle.notifications WHERE tenant_id = %s"
    )
    [(sync,)] = street.globex.query("SELECT max(sync_id) FROM flyle.syncs WHERE tenant_id = %s")
    there = street.globex.there
    return {
        "sync_id": str(sync),
        "external_id": company,
        "name": name,
        "notice": str(notice),
        "language": "en",
        "version": "1",
        "org_url": street.globex.server.url,
        "key": there.consumer_key,
        "secret": there.consumer_secret,
    }


def _call(
    visitor: Visitor, route: PageRoute, others: dict[str, str], csrf: str | None
) -> tuple[int, str]:
    path = route.path.format(**others)
    if _method(route) == "POST":
        form = {name: value.format(**others) for name, value in FORMS[route.path].items()}
        answer = visitor.post(path, form, csrf=csrf)
    else:
        query = QUERIES.get(route.path, "").format(**others)
        answer = visitor.get(f"{path}?{query}" if query else path)
    return answer.status_code, answer.text


def _rows(street: Street, tenant: str, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Every row of a tenant in every table, as text."""
    with admin(street.house.installation.database_url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'flyle' AND column_name = 'tenant_id' ORDER BY 1"
        ).fetchall()
        return {
            str(table): sorted(
                str(row)
                for (row,) in connection.execute(
                    f"SELECT t::text FROM flyle.{table} t WHERE tenant_id = %s".encode(),  # noqa: S608
                    [tenant],
                )
            )
            for (table,) in tables
            if table not in but
        }


def test_every_changing_route_is_called_here(street: Street) -> None:
    """A route that was forgotten here would be tested by nobody."""
    posts = {route.path for route in _routes(street) if _method(route) == "POST"}
    assert posts == set(FORMS)


def test_only_known_routes_are_open_to_everybody(street: Street) -> None:
    """A page that is open by mistake shows its tenant to the world."""
    open_ones = {route.path for route in _routes(street) if route.access is Access.OPEN}
    assert open_ones == {"/enter", "/health", "/language/{language}", "/metrics"}


def test_whatever_changes_the_link_is_for_administrators(street: Street) -> None:
    """S2: 編集者 and 投稿者 may only look."""
    for_all = {
        route.path
        for route in _routes(street)
        if _method(route) == "POST" and route.access is not Access.CHANGE
    }
    assert for_all == {"/leave"}


@pytest.fixture(scope="module")
def theirs(street: Street) -> frozenset[str]:
    """Names and ids that only the other tenant's companies have, and its own name."""
    own = {row.company.name for row in street.acme.rows().values()}
    there = street.globex.rows()
    names = {row.company.name for row in there.values()} - own
    return frozenset({*names, *there, "globex"})


def _leaks(text: str, theirs: frozenset[str], asked: dict[str, str]) -> set[str]:
    """What a page says of the other tenant beyond what was asked for by name."""
    said = {word for word in theirs if word in text}
    return said - {asked["external_id"], asked["name"]}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reaches_another_tenant(
    street: Street, others: dict[str, str], theirs: frozenset[str], role: Role
) -> None:
    """Tenant A's token, with tenant B's ids, names, notices, org and key in every request."""
    visitor = street.house.visitor("acme", role)
    before = _rows(street, "globex")
    own = _rows(street, "acme", but=OF_SESSIONS)
    csrf = visitor.csrf()
    for route in _routes(street):
        status, text = _call(visitor, route, others, csrf)
        assert _leaks(text, theirs, others) == set(), route.path
        assert status < 500 or status == 503, (route.path, text)
        assert _rows(street, "globex") == before, route.path
        if role != "admin" and route.access is Access.CHANGE:
            assert status == 403, route.path
    if role != "admin":
        assert _rows(street, "acme", but=OF_SESSIONS) == own


def test_another_tenants_company_is_not_there(street: Street, others: dict[str, str]) -> None:
    """Its id is known, and still it is told apart from nothing."""
    visitor = street.house.visitor("acme")
    theirs = visitor.get(f"/companies/{others['external_id']}")
    nobodys = visitor.get("/companies/0065i00000ZZZZZZZZ")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert others["name"] not in theirs.text
    assert re.sub(r"00[0-9A-Za-z]{16}", "ID", theirs.text) == re.sub(
        r"00[0-9A-Za-z]{16}", "ID", nobodys.text
    )


def _strangers(street: Street) -> Iterator[tuple[str, Visitor]]:
    yield "nobody", street.house.stranger()
    forged = street.house.stranger()
    forged.session.cookies.set(
        "__Host-flyle_sf", "globex.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )
    yield "forged", forged
    moved = street.house.visitor("acme")
    cookie = str(moved.session.cookies["__Host-flyle_sf"])
    other = street.house.stranger()
    other.session.cookies.set("__Host-flyle_sf", cookie.replace("acme.", "globex."))
    yield "moved to another tenant", other
    yield "without the plan", street.house.visitor("globex", plan="starter")


def test_nobody_and_no_plan_reach_nothing(
    street: Street, others: dict[str, str], theirs: frozenset[str]
) -> None:
    """S3; and a cookie that was made up, or whose tenant was exchanged, is no cookie."""
    for name, visitor in _strangers(street):
        before = {tenant: _rows(street, tenant, but=OF_SESSIONS) for tenant in ("acme", "globex")}
        for route in _routes(street):
            if route.access is Access.OPEN:
                continue
            status, text = _call(visitor, route, others, csrf="0" * 64)
            assert status == (403 if name == "without the plan" else 401), (name, route.path)
            assert _leaks(text, theirs, others) == set(), (name, route.path)
        after = {tenant: _rows(street, tenant, but=OF_SESSIONS) for tenant in before}
        assert after == before, name
