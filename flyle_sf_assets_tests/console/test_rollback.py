"""The rollback of one sync in the console: preview, confirmation, result, and its end."""

import html
from collections.abc import Iterator
from functools import partial

import pytest

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.console.house import House, Visitor, open_house
from flyle_sf_assets_tests.console.languages import faults_of_page
from flyle_sf_assets_tests.flows.guarded import delete, update
from flyle_sf_assets_tests.flows.oracle import Company
from flyle_sf_assets_tests.flows.rollbacks import kept, last_sync_id, small, synced
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

Place = tuple[House, Tenant, dict[str, Company], int]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[Place]:
    """A console, a tenant, its companies before the bad sync, and that sync."""
    home = tmp_path_factory.mktemp("rollback")
    with pytest.MonkeyPatch.context() as patch, installed(home, server) as installation:
        for name in ("GUARDED_SF_KEY", "GUARDED_SF_SECRET"):
            patch.setenv(name, "to be replaced")
        tenant = small(partial(linked, installation, server))
        before = tenant.companies()
        tenant.there.insert("Account", {"Name": "<b>新規</b>", "Type": "Customer"})
        update(tenant, 3, {"Industry": "Retail", "Memo__c": None})
        delete(tenant, 2, first=10)
        sync_id = synced(tenant)
        update(tenant, 1, {"Industry": "Healthcare"})
        synced(tenant)
        with open_house(installation) as house:
            yield house, tenant, before, sync_id


def page_of(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def test_the_syncs_page_offers_it_where_something_changed(place: Place) -> None:
    house, _, _, sync_id = place
    me = house.visitor("guarded")
    assert f'href="/syncs/{sync_id}/rollback"' in page_of(me, f"/syncs/{sync_id}")
    assert "/rollback" not in page_of(me, f"/syncs/{sync_id - 1}")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_preview_shows_both_what_is_restored_and_what_is_not(
    place: Place, language: str
) -> None:
    house, tenant, before, sync_id = place
    me = house.visitor("guarded", language=language)
    stands = tenant.companies()
    answer = me.get(f"/syncs/{sync_id}/rollback")
    assert faults_of_page(answer.text, language) == []
    page = html.unescape(answer.text)
    ids = sorted(before)
    assert "5社の値7件" in page or "7 values of 5 companies" in page
    for key in (*ids[:3], *ids[10:12]):
        assert f'href="/companies/{key}"' in page
    for text in ("小売", "金融", "本社"):
        assert text in page
    whys = {
        "ja": ("この同期のあとに値が変わりました", "この同期で作成された企業です"),
        "en": ("The value changed after this sync", "This sync created the company"),
    }
    assert [text for text in whys[language] if text not in page] == [], page[page.index("<main") :]
    assert "&lt;b&gt;新規" in answer.text
    assert tenant.companies() == stands


def test_only_administrators_confirm(place: Place) -> None:
    house, tenant, _, sync_id = place
    editor = house.visitor("guarded", role="editor")
    page = page_of(editor, f"/syncs/{sync_id}/rollback")
    assert f'action="/syncs/{sync_id}/rollback"' not in page
    assert "Flyleの管理者が行えます" in page
    stands = tenant.companies()
    for what in ("rollback", "resume"):
        assert editor.post(f"/syncs/{sync_id}/{what}").status_code == 403
    assert tenant.companies() == stands


def test_a_running_sync_is_not_waited_for(place: Place) -> None:
    """A page that hangs until a first load has ended is no answer."""
    house, tenant, _, sync_id = place
    with tenant.installation.database.tenant_lock("guarded"):
        answer = house.visitor("guarded").post(f"/syncs/{sync_id}/rollback")
    assert answer.status_code >= 400
    assert "同期の実行中です" in answer.text
    assert kept(tenant) == []


@pytest.mark.parametrize("path", ["/syncs/99999/rollback", "/syncs/x/rollback", "/syncs/x/resume"])
def test_an_unknown_sync_is_said(place: Place, path: str) -> None:
    answer = place[0].visitor("guarded").get(path)
    assert answer.status_code >= 400
    assert "同期" in answer.text


def test_confirmed_it_shows_the_result_and_offers_its_end(place: Place) -> None:
    """Last in this file: the sync is rolled back, and then followed again."""
    house, tenant, before, sync_id = place
    me = house.visitor("guarded")
    stood = tenant.companies()
    nothing_kept = me.get(f"/syncs/{sync_id}/resume")
    assert (nothing_kept.status_code, nothing_kept.headers["location"]) == (
        303,
        f"/syncs/{sync_id}",
    )
    answer = me.post(f"/syncs/{sync_id}/rollback")
    assert answer.status_code == 200
    done = html.unescape(answer.text)
    assert "5社の値7件を元に戻しました" in done
    made = last_sync_id(tenant)
    assert f'href="/syncs/{made}"' in done
    ids = sorted(before)
    assert [tenant.companies()[key] for key in ids[1:]] == [before[key] for key in ids[1:]]
    of_it = page_of(me, f"/syncs/{made}")
    assert f"同期 {sync_id} を元に戻した同期です" in of_it
    assert "console:admin@guarded.example" in of_it
    assert "同期を巻き戻しました" in page_of(me, f"/companies/{ids[1]}")
    assert f'href="/syncs/{sync_id}/resume"' in page_of(me, f"/syncs/{sync_id}")
    assert "値7件が変わります" in page_of(me, f"/syncs/{sync_id}/resume")
    followed = me.post(f"/syncs/{sync_id}/resume")
    assert "Salesforceの値に戻しました" in html.unescape(followed.text)
    assert tenant.companies() == stood
    assert kept(tenant) == []
