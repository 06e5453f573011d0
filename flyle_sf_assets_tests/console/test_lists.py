"""The list of companies in every form, its file, and the page of one sync: against the store."""

import csv
import html
import io
import re
from collections.abc import Iterator

import pytest

from flyle_sf_assets.store.companies.search import PAGE_ROWS
from flyle_sf_assets.store.companies.sync_changes import PAGE_ROWS as CHANGED_ROWS
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor
from flyle_sf_assets_tests.postgres import admin

TWINS = 120


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An editor of the Account-based tenant: lists are for everyone."""
    return street.house.visitor("acme", "editor")


@pytest.fixture
def many(street: Street) -> Iterator[list[str]]:
    """More companies than pages show, of which every third is deleted; their ids."""
    with admin(street.house.installation.database_url) as connection:
        connection.execute(
            b"INSERT INTO flyle.companies (tenant_id, external_id, name, source_object,"
            b" custom_fields, status, status_reason, created_at, updated_at, status_changed_at)"
            b" SELECT 'acme', '001TWIN' || lpad(n::text, 11, '0'), '=SUM(' || n || ')', 'Account',"
            b" jsonb_build_object('revenue', -n - 0.5, 'memo', E'+1\\n,\"'),"
            b" CASE WHEN n %% 3 = 0 THEN 'deleted' ELSE 'linked' END,"
            b" CASE WHEN n %% 3 = 0 THEN 'deleted_in_salesforce' END,"
            b" now(), now() - n * interval '1 h', now() FROM generate_series(1, %s) AS n",
            [TWINS],
        )
        yield [f"001TWIN{n:011d}" for n in range(1, TWINS + 1)]
        connection.execute(b"DELETE FROM flyle.companies WHERE external_id LIKE '001TWIN%'")


def _ids(page: str) -> list[str]:
    return re.findall(r'<a href="/companies/([0-9A-Za-z]{18})"', page)


def _walk(me: Visitor, path: str) -> Iterator[str]:
    while path:
        page = me.get(path).text
        yield page
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(following[1]) if following else ""


def _all(me: Visitor, path: str) -> list[str]:
    return [one for page in _walk(me, path) for one in _ids(page)]


@pytest.mark.parametrize("state", ["", "linked", "deleted", "merged", "nonsense"])
@pytest.mark.parametrize("sort", ["", "name", "-name", "updated", "-updated", "nonsense"])
def test_a_state_and_an_order_choose_what_is_listed(
    street: Street, me: Visitor, many: list[str], state: str, sort: str
) -> None:
    """Compared with PostgreSQL's rows, sorted by Python; what is unknown is as if not given."""
    rows = street.acme.query(
        "SELECT external_id, name, status, updated_at FROM flyle.companies WHERE tenant_id = %s"
    )
    wanted = [row for row in rows if state in ("", "nonsense", row[2])]
    by_update = sort.endswith("updated")
    wanted.sort(key=lambda row: (row[3] if by_update else row[1], row[0]), reverse=sort[:1] == "-")
    pages = [_ids(page) for page in _walk(me, f"/companies?state={state}&sort={sort}")]
    assert [one for page in pages for one in page] == [row[0] for row in wanted]
    assert all(len(page) == PAGE_ROWS for page in pages[:-1])


def test_columns_show_mapped_values_and_only_those_chosen(street: Street, me: Visitor) -> None:
    """The first mapped fields until somebody chooses; none of those that are not mapped."""
    first = html.unescape(me.get("/companies").text)
    heads = re.findall(r"<th scope=\"col\"[^>]*>(?:<bdi>)?([^<]*)", first)
    assert [head.strip() for head in heads[2:5]] == ["売上", "従業員規模", "業種"]
    chosen = html.unescape(
        me.get("/companies?columns=1&column=strategic&column=last_contact_at&column=x").text
    )
    heads = [
        head.strip() for head in re.findall(r"<th scope=\"col\"[^>]*>(?:<bdi>)?([^<]*)", chosen)
    ]
    assert heads == ["企業名", "状態", "戦略顧客", "最終接触日時", "更新日", "外部ID"]
    for external_id, row in street.acme.rows().items():
        line = re.search(rf'/companies/{external_id}".*?</tr>', chosen, re.DOTALL)
        if line:
            held = row.company.custom_fields["strategic"]
            assert ("はい" if held else "いいえ") in line[0]
    none = me.get("/companies?columns=1").text
    assert len(re.findall(r"<th scope=\"col\"", none)) == 4


def test_the_file_has_all_that_the_list_shows(street: Street, me: Visitor, many: list[str]) -> None:
    """Every page, in its order, its columns; and nothing that a spreadsheet would run."""
    path = "state=deleted&sort=-updated&q=SUM&columns=1&column=revenue&column=memo"
    page = me.get(f"/companies?{path}").text
    link = re.search(r'href="(/companies.csv\?[^"]+)"', page)
    assert link
    answer = me.get(html.unescape(link[1]))
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert head == ["外部ID", "企業名", "状態", "状態の理由", "売上", "メモ", "更新日"]
    assert [line[0] for line in lines] == _all(me, f"/companies?{path}")
    assert len(lines) == TWINS // 3
    for line in lines:
        number = int(line[0].removeprefix("001TWIN"))
        assert line[1:6] == [
            f"'=SUM({number})",
            "Salesforceで削除",
            "Salesforceで削除されました",
            f"-{number}.5",
            "'+1\n,\"",
        ]


def test_a_file_of_another_tenant_has_its_own_companies_alone(
    street: Street, many: list[str]
) -> None:
    other = street.house.visitor("globex").get("/companies.csv")
    lines = list(csv.reader(io.StringIO(other.content.decode("utf-8-sig"))))[1:]
    assert {line[0] for line in lines} == set(street.globex.rows())


def test_a_part_of_the_page_is_asked_for_alone_and_says_its_result(
    me: Visitor, many: list[str]
) -> None:
    """What a screen reader is told is one sentence, not the table."""
    part = me.get("/companies?q=SUM&state=deleted", **{"HX-Request": "true"}).text
    assert "<html" not in part
    said = re.search(r"data-announce>([^<]*)<", part)
    assert said
    assert str(TWINS // 3) in said[1]
    assert "aria-live" not in part


def test_a_sync_opens_to_the_companies_that_it_changed(street: Street, me: Visitor) -> None:
    """Old and new, in the reader's words; from the list of syncs, and from a company's history."""
    there = street.acme.there
    changed = [r for r in there.records("Account") if r["AnnualRevenue"] is not None][:3]
    before = street.acme.rows()
    for place, record in enumerate(changed):
        there.update("Account", str(record["Id"]), {"AnnualRevenue": str(7_000_001 + place)})
    there.delete("Account", str(changed[2]["Id"]))
    street.acme.later()
    street.acme.sync()
    [(number,)] = street.acme.query("SELECT max(sync_id) FROM flyle.syncs WHERE tenant_id = %s")
    assert f'href="/syncs/{number}"' in me.get("/syncs").text
    assert f'href="/syncs/{number}"' in me.get("/").text
    page = html.unescape(me.get(f"/syncs/{number}").text)
    shown = dict(
        re.findall(r'/companies/(\w{18})".*?<dl class="change-list">(.*?)</dl>', page, re.DOTALL)
    )
    after = street.acme.rows()
    assert set(shown) == {one for one in before if after[one].company != before[one].company}
    for place, record in enumerate(changed[:2]):
        texts = re.sub(r"<[^>]+>", "", shown[str(record["Id"])])
        old = before[str(record["Id"])].company.custom_fields["revenue"]
        assert f"{old:,}" in texts
        assert f"{7_000_001 + place:,}" in texts
        assert texts.index(f"{old:,}") < texts.index(f"{7_000_001 + place:,}")
    last = shown[str(changed[2]["Id"])]
    assert "連携中" in last
    assert "Salesforceで削除" in last
    assert "linked" not in last
    assert "deleted_in" not in last
    assert f'href="/syncs/{number}"' in me.get(f"/companies/{changed[0]['Id']}").text
    history = me.get(f"/companies/{changed[2]['Id']}").text.partition("変更の履歴")[2]
    [status] = [row for row in history.split("</tr>") if ">連携の状態<" in row]
    own = re.sub(r'<(\w+)[^>]* translate="no"[^>]*>.*?</\1>|<bdi>.*?</bdi>', "", status)
    assert "連携中" in own, "words of ours, which a page in another language translates"
    assert "Salesforceで削除" in own


def test_a_sync_with_many_changes_is_paged(street: Street, me: Visitor) -> None:
    """Each company once; the number of changes of a company does not matter."""
    with admin(street.house.installation.database_url) as connection:
        connection.execute(
            b"INSERT INTO flyle.syncs (tenant_id, kind, state, started_at, finished_at, changed)"
            b" VALUES ('acme', 'full', 'done', now(), now(), 60)"
        )
        row = connection.execute(b"SELECT max(sync_id) FROM flyle.syncs").fetchone()
        assert row
        number = row[0]
        connection.execute(
            b"INSERT INTO flyle.company_changes (tenant_id, external_id, field, old, new, sync_id,"
            b" changed_at, reason) SELECT tenant_id, external_id, 'f' || n, '1', 'null', %s, now(),"
            b" CASE n WHEN 1 THEN 'parent_deleted:Owner' END"
            b" FROM flyle.companies, generate_series(1, 3) AS n WHERE tenant_id = 'acme'",
            [number],
        )
    pages = list(_walk(me, f"/syncs/{number}"))
    found = [one for page in pages for one in _ids(page)]
    assert found == sorted(street.acme.rows())
    assert [len(_ids(page)) for page in pages[:-1]] == [CHANGED_ROWS] * (len(pages) - 1)
    assert len(pages) > 1
    assert "参照先のレコードが削除されました" in pages[0]
    assert "parent_deleted" not in pages[0]


def test_a_long_history_is_paged(street: Street, me: Visitor) -> None:
    """Of a company, whose every change is on one page, and of the syncs themselves."""
    company = min(street.acme.rows())
    with admin(street.house.installation.database_url) as connection:
        connection.execute(
            b"INSERT INTO flyle.company_changes (tenant_id, external_id, field, old, new,"
            b" changed_at) SELECT 'acme', %s, 'long' || n || '.', '1', '2', now()"
            b" FROM generate_series(1, 120) AS n",
            [company],
        )
        connection.execute(
            b"INSERT INTO flyle.syncs (tenant_id, kind, state, started_at, finished_at)"
            b" SELECT 'acme', 'sweep', 'done', now(), now() FROM generate_series(1, 120)"
        )
    pages = list(_walk(me, f"/companies/{company}"))
    shown = [one for page in pages for one in re.findall(r"long(\d+)\.", page)]
    assert shown == [str(number) for number in range(120, 0, -1)]
    assert len(pages) > 2
    numbers = [
        int(one) for page in _walk(me, "/syncs") for one in re.findall(r'"/syncs/(\d+)"', page)
    ]
    kept = street.acme.query(
        "SELECT sync_id FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC"
    )
    assert numbers == [number for (number,) in kept]
    assert me.get("/syncs?before=nonsense").text.count("<tr>") > 50


@pytest.mark.parametrize("number", ["0", "x", "-1", "9" * 30, "²", "1e3"])
def test_a_sync_that_does_not_exist_is_not_found(me: Visitor, number: str) -> None:
    assert me.get(f"/syncs/{number}").status_code == 404


def test_a_sync_of_another_tenant_is_not_found(street: Street) -> None:
    [(number,)] = street.acme.query("SELECT max(sync_id) FROM flyle.syncs WHERE tenant_id = %s")
    other = street.house.visitor("globex")
    assert other.get(f"/syncs/{number}").status_code == 404
