"""The page of a held change: examples and approval, for those who may approve."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from flyle_sf_assets.companies.guard import Loss, LossExample, MassChange
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.companies.held_changes import delete_held, put_held
from flyle_sf_assets.store.syncs.syncs import latest_syncs
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets_tests.console.house import House, Visitor, open_house
from flyle_sf_assets_tests.flows.guarded import delete, guarded, update
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import installed, linked


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[tuple[House, Tenant]]:
    """A console, and a tenant whose change is held."""
    home = tmp_path_factory.mktemp("held")
    with pytest.MonkeyPatch.context() as patch, installed(home, server) as installation:
        for name in ("GUARDED_SF_KEY", "GUARDED_SF_SECRET"):
            patch.setenv(name, "to be replaced")
        tenant = guarded(partial(linked, installation, server), accounts=60)
        delete(tenant, 51)
        update(tenant, 9, {"Memo__c": None})
        with open_house(installation) as house:
            yield house, tenant


@pytest.fixture
def held(place: tuple[House, Tenant]) -> tuple[House, Tenant]:
    """The same; its last refresh was held."""
    with pytest.raises(MassChangeHeld):
        place[1].sync()
    return place


def page_of(visitor: Visitor, path: str = "/held") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def fingerprint(page: str) -> str:
    found = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_status_page_begins_with_what_to_do(held: tuple[House, Tenant], language: str) -> None:
    house, _ = held
    visitor = house.visitor("guarded")
    visitor.session.headers["Accept-Language"] = language
    page = page_of(visitor, "/")
    main = page[page.index("<main") :]
    what = "承認するか、Salesforceで元に戻して" if language == "ja" else "Approve it, or put"
    assert 0 < main.index(what) < main.index('class="card"')
    assert main.count('href="/held"') == 1
    assert "51" in main
    twice = "対処が必要です" if language == "ja" else "This needs you"
    assert twice not in main


def test_the_page_shows_counts_limit_and_examples(held: tuple[House, Tenant]) -> None:
    house, tenant = held
    page = page_of(house.visitor("guarded"))
    gone = sorted(key for key, row in tenant.rows().items())[:5]
    for key in gone:
        assert f'href="/companies/{key}"' in page
        assert tenant.last[key].name in page
    assert all(word in page for word in ("51", "60", "85.0%", "20%", "ほか46件", "連携中"))
    assert "Salesforceで削除" in page


def test_only_administrators_approve(held: tuple[House, Tenant]) -> None:
    house, tenant = held
    editor = house.visitor("guarded", role="editor")
    page = page_of(editor)
    assert 'action="/held"' not in page
    admin_page = page_of(house.visitor("guarded"))
    refused = editor.post("/held", {"fingerprint": fingerprint(admin_page)})
    assert refused.status_code == 403
    assert tenant.query("SELECT approved_at FROM flyle.held_changes WHERE tenant_id = %s") == [
        (None,)
    ]


def test_numbers_that_moved_are_shown_and_not_approved(held: tuple[House, Tenant]) -> None:
    house, tenant = held
    me = house.visitor("guarded")
    answer = me.post("/held", {"fingerprint": "0123456789abcdef"})
    assert answer.status_code == 409
    assert "件数が変わったため" in answer.text
    assert fingerprint(answer.text)
    assert tenant.query("SELECT approved_at FROM flyle.held_changes WHERE tenant_id = %s") == [
        (None,)
    ]


def test_a_sync_now_looks_whether_it_was_put_right(held: tuple[House, Tenant]) -> None:
    """Somebody who restored the records need not wait for three hours."""
    house, tenant = held
    assert house.visitor("guarded").post("/sync").status_code == 303
    [(is_due,)] = tenant.query("SELECT next_due_at <= now() FROM flyle.links WHERE tenant_id = %s")
    assert is_due


def test_an_approval_is_applied_by_the_next_sync(held: tuple[House, Tenant]) -> None:
    """Last in this file: nothing is held after it."""
    house, tenant = held
    me = house.visitor("guarded")
    answer = me.post("/held", {"fingerprint": fingerprint(page_of(me))})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    [(by, due)] = tenant.query(
        "SELECT h.approved_by, l.next_due_at FROM flyle.held_changes h JOIN flyle.links l"
        " USING (tenant_id) WHERE h.tenant_id = %s"
    )
    assert by == "console:admin@guarded.example"
    assert "依頼を受け付けました" in page_of(me, "/")
    assert due <= datetime.now(UTC)
    assert "承認済みです" in page_of(me)
    tenant.sync()
    tenant.assert_follows_org()
    assert "保留中の変更はありません" in page_of(me)
    assert 'href="/held"' not in page_of(me, "/")
    late = me.post("/held", {"fingerprint": "0123456789abcdef"})
    assert (late.status_code, late.headers["location"]) == (303, "/held")


def test_values_of_examples_are_shown_as_on_every_other_page(
    place: tuple[House, Tenant],
) -> None:
    """Several options stood there by API value, moments as in JSON, boxes as true and false."""
    house, tenant = place
    change = MassChange(
        losses=tuple(
            Loss(key, label, 60, 60, "20%")
            for key, label in (("plans", "プラン"), ("met_at", "面談"), ("is_vip", "重要"))
        ),
        examples=(
            LossExample("plans", "001000000000001AAA", "甲", '["gold", "new"]', "null"),
            LossExample("met_at", "001000000000001AAA", "甲", '"2024-01-31T00:30:00Z"', "null"),
            LossExample("is_vip", "001000000000001AAA", "甲", "true", "false"),
        ),
    )
    with house.installation.database.tenant(tenant.name) as tx:
        last = latest_syncs(tx, limit=1)[0].sync_id
        for key, kind in (
            ("plans", "multi_select"),
            ("met_at", "datetime"),
            ("is_vip", "checkbox"),
        ):
            tx.execute(
                "INSERT INTO custom_fields (tenant_id, key, label, type, active)"
                " VALUES (:tenant_id, :key, :key, :kind, true)",
                key=key,
                kind=kind,
            )
        tx.execute(
            "INSERT INTO custom_field_options"
            " (tenant_id, field_key, value, label, position, active, described, first_seen_at)"
            " VALUES (:tenant_id, 'plans', 'gold', 'ゴールド', 0, true, true, now())"
        )
        put_held(tx, change, sync_id=last, kind="refresh", inputs="x", now=datetime.now(UTC))
    page = page_of(house.visitor("guarded"))
    assert "ゴールド / new" in page
    assert ">2024/01/31 09:30<" in page
    assert ">はい<" in page
    assert ">いいえ<" in page
    with house.installation.database.tenant(tenant.name) as tx:
        delete_held(tx)
