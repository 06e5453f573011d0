"""State, progress, companies, rejected values, notices: pages against what org and store hold."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import polars as pl
import pytest

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.companies.rejected_values import merge_rejected
from flyle_sf_assets.store.companies.search import PAGE_ROWS
from flyle_sf_assets.store.tenants.links import (
    Attention,
    add_attention,
    put_link,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.postgres import admin


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Account-based tenant."""
    return street.house.visitor("acme")


def _shown_names(page: str) -> list[str]:
    return [
        html.unescape(name)
        for name in re.findall(
            r'<th scope="row"><a href="/companies/[0-9A-Za-z]{18}"[^>]*>([^<]*)</a>', page
        )
    ]


def _walk(me: Visitor, path: str) -> Iterator[list[str]]:
    """Every page of a list, by its own link to the next one."""
    while path:
        page = me.get(path).text
        yield _shown_names(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(following[1]) if following else ""


def test_every_company_is_on_exactly_one_page(street: Street, me: Visitor) -> None:
    """Names repeat in real orgs: pages that begin after a name alone would skip their namesakes."""
    rows = street.acme.rows()
    one = next(iter(rows))
    with admin(street.house.installation.database_url) as connection:
        connection.execute(
            b"INSERT INTO flyle.companies (tenant_id, external_id, name, source_object,"
            b" created_at, updated_at, status_changed_at) SELECT tenant_id, '001TWIN'"
            b" || lpad(n::text, 11, '0'), name, source_object, created_at, updated_at, updated_at"
            b" FROM flyle.companies, generate_series(1, 70) AS n"
            b" WHERE tenant_id = 'acme' AND external_id = %s",
            [one],
        )
        try:
            pages = list(_walk(me, "/companies"))
        finally:
            connection.execute(b"DELETE FROM flyle.companies WHERE external_id LIKE '001TWIN%'")
    shown = [name for page in pages for name in page]
    expected = sorted([row.company.name for row in rows.values()] + 70 * [rows[one].company.name])
    assert sorted(shown) == expected
    assert [len(page) for page in pages[:-1]] == [PAGE_ROWS] * (len(pages) - 1)


@pytest.mark.parametrize("part", ["商事", "ACME", "100%", "_", "\\", "'", "株式会社 "])
def test_a_search_finds_names_that_contain_the_text(street: Street, me: Visitor, part: str) -> None:
    """Signs that SQL takes for wildcards mean themselves; case is no matter."""
    names = [row.company.name for row in street.acme.rows().values()]
    found = [name for page in _walk(me, f"/companies?q={quote(part)}") for name in page]
    wanted = part.strip().lower()
    assert sorted(found) == sorted(n for n in names if wanted in n.lower())


def test_a_search_finds_a_company_by_its_id_of_15_or_18_characters(
    street: Street, me: Visitor
) -> None:
    external_id, row = next(iter(street.acme.rows().items()))
    for text in (external_id, external_id[:15]):
        assert _shown_names(me.get(f"/companies?q={text}").text) == [row.company.name]


def test_a_company_shows_values_their_origin_and_their_history(street: Street, me: Visitor) -> None:
    """After a change in the org: the value of now, and the one before in the history."""
    there = street.acme.there
    record = next(r for r in there.records("Account") if r["AnnualRevenue"] is not None)
    key = str(record["Id"])
    there.update("Account", key, {"AnnualRevenue": "123456789"})
    street.acme.later()
    street.acme.sync()
    page = html.unescape(me.get(f"/companies/{key}").text)
    assert "123,456,789" in page, re.findall(r'class="value">(.*?)</td>', page)
    assert "AnnualRevenue" in page
    assert f"{street.acme.server.url}/{key}" in page
    history = page[page.index("変更の履歴") :]
    assert "売上" in history
    assert "123,456,789" in history


def test_parents_are_linked_in_the_org(street: Street) -> None:
    """Where a value comes from is a record that can be opened."""
    opportunity = next(
        r
        for r in street.globex.there.records("Opportunity")
        if r["AccountId"] and str(r["Id"]) in street.globex.rows()
    )
    page = street.house.visitor("globex").get(f"/companies/{opportunity['Id']}/parents").text
    assert f'href="{street.globex.server.url}/{opportunity["AccountId"]}"' in page


def test_rejected_values_are_shown_and_exported_as_texts(street: Street, me: Visitor) -> None:
    """A cell that begins with = would be run by the spreadsheet of anyone who opens the file."""
    keys = list(street.acme.rows())[:3]
    values = ["=HYPERLINK(1)", "カンマ,と\n改行", '"引用"']
    frame = pl.DataFrame(
        {
            "external_id": keys,
            "field": ["revenue", "industry", None],
            "value": values,
            "reason": ["数値ではありません"] * 3,
            "remedy": ["直してください"] * 3,
        }
    )
    with street.house.installation.database.tenant("acme") as tx:
        merge_rejected(tx, frame, datetime.now(UTC))
    page = html.unescape(me.get("/rejected").text)
    assert all(value in page for value in values)
    answer = me.get("/rejected.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    _, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert {(line[0], line[3]) for line in lines} == {
        (keys[0], "'=HYPERLINK(1)"),
        (keys[1], values[1]),
        (keys[2], values[2]),
    }


def test_notices_are_read_one_by_one_or_all(street: Street, me: Visitor) -> None:
    with street.house.installation.database.tenant("acme") as tx:
        first = add_notice(
            tx, "held", Text("<b>一つ目</b>", "One"), Text("本文", "Body"), datetime.now(UTC)
        )
        add_notice(tx, "attention", Text("二つ目", "Two"), Text("本文", "Body"), datetime.now(UTC))
    assert "&lt;b&gt;一つ目" in me.get("/notices").text
    me.post("/notices/read", {"notice": [str(first), "x", "9" * 30]})
    unread = street.acme.query(
        "SELECT title FROM flyle.notifications WHERE tenant_id = %s AND read_at IS NULL"
    )
    assert ("二つ目",) in unread
    assert ("<b>一つ目</b>",) not in unread


def test_what_needs_a_person_is_shown_with_its_remedy(street: Street, me: Visitor) -> None:
    item = Attention(
        "field_hidden",
        "Account",
        "Secret__c",
        Text("項目が見えません", "A field is hidden"),
        Text("権限を付与してください", "Give the right"),
    )
    with street.house.installation.database.tenant("acme") as tx:
        add_attention(tx, [item], datetime.now(UTC))
    page = me.get("/").text
    assert "項目が見えません" in page
    assert "権限を付与してください" in page
    english = me.get("/", **{"Accept-Language": "en"}).text
    assert "Give the right" in english


def test_a_running_sync_shows_its_step_and_rows(street: Street, me: Visitor) -> None:
    """The page asks again while something runs; afterwards it shows everything again."""
    assert me.get("/progress?restless=1").headers.get("hx-refresh") in (None, "true")
    with street.acme.open_refresh("census") as refresh:
        for step in STEPS[:-1]:
            run_step(refresh, step)
        refresh.kept_progress.keep("companies", 20, 60)
        page = me.get("/progress?restless=1")
        assert "20 / 60 件" in page.text
        assert "企業情報を書き込んでいます" in page.text
        assert 'hx-trigger="every 2s"' in page.text
        assert "hx-refresh" not in page.headers
        run_step(refresh, STEPS[-1])
    ended = me.get("/progress?restless=1")
    assert 'hx-trigger="every 2s"' not in ended.text or "待っています" in ended.text


def test_sync_now_makes_the_tenant_due(street: Street, me: Visitor) -> None:
    """And says that it waits until the schedule takes it up."""
    database = street.house.installation.database
    with database.tenant("acme") as tx:
        put_link(tx, next_due_at=datetime.now(UTC) + timedelta(hours=3))
    assert "待っています" not in me.get("/").text
    assert me.post("/sync").status_code == 303
    [(due,)] = street.acme.query("SELECT next_due_at FROM flyle.links WHERE tenant_id = %s")
    assert due <= datetime.now(UTC)
    assert "同期の開始を待っています" in me.get("/").text


def test_sync_now_is_refused_where_it_cannot_begin(street: Street, me: Visitor) -> None:
    database = street.house.installation.database
    with database.tenant("acme") as tx:
        put_link(tx, state="disconnected")
    try:
        answer = me.post("/sync")
    finally:
        with database.tenant("acme") as tx:
            put_link(tx, state="linked")
    assert answer.status_code == 403
    assert "Salesforce連携ができません" in answer.text


def test_settings_of_a_file_are_shown_and_not_changed(street: Street, me: Visitor) -> None:
    """Two places to change them would be one too many: the file wins."""
    file = street.house.installation.environment.config_dir / "tenants" / "acme.yaml"
    file.write_text("tenant: acme\n", encoding="utf-8")
    try:
        page = me.get("/settings").text
        refused = me.post("/setup/object", {"object": "Opportunity", "every": "3h"})
    finally:
        file.unlink()
    assert "acme.yaml" in page
    assert 'href="/setup/object"' not in page
    assert refused.status_code == 400
    assert "acme.yaml" in refused.text
