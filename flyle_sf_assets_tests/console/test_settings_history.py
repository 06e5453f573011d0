"""Versions in an administrator's words, and an earlier one restored from the console."""

import html
import json
import re
from typing import Any

import pytest

from flyle_sf_assets.tenants.settings_history import settings_history
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor

CODE = re.compile(r"<code[^>]*>.*?</code>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Opportunity-based tenant."""
    return street.house.visitor("globex")


def _words(page: str) -> str:
    """What a page says beside its API names."""
    body = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(TAG.sub("", CODE.sub("", body))).split())


def _documents(street: Street) -> list[Any]:
    rows = street.globex.query(
        "SELECT document::text FROM flyle.settings_versions WHERE tenant_id = %s ORDER BY version"
    )
    return [json.loads(document) for (document,) in rows]


def _mapping_form(document: Any) -> dict[str, str]:
    form = {"shown": "1"}
    for place, one in enumerate(document["mapping"]):
        for name in ("from", "to", "label", "type", "when_blank"):
            form[f"m{place}.{name}"] = one.get(name, "")
    return form


def _saved(street: Street, me: Visitor, form: dict[str, str]) -> None:
    assert me.post("/setup/mapping", form).headers["location"] == "/setup/confirm"
    done = me.confirm()
    assert done.status_code == 303
    page = me.get(done.headers["location"]).text
    assert "保存済み: バージョン" in page
    assert "保存済み" not in me.get("/?saved=99").text


def test_settings_and_changes_are_told_in_labels_and_never_as_yaml(
    street: Street, me: Visitor
) -> None:
    """担当者 ← 所有者 › 氏名; API names are beside it, small."""
    [first] = _documents(street)
    form = _mapping_form(first)
    place = next(i for i, one in enumerate(first["mapping"]) if one["from"] == "StageName")
    form[f"m{place}.label"] = "案件フェーズ"
    dropped = {key: value for key, value in form.items() if not key.startswith("m0.")}
    me.post("/setup/mapping", dropped)
    confirm = me.get("/setup/confirm").text
    _saved(street, me, dropped)
    page = me.get("/settings").text
    label = first["mapping"][0]["label"]
    for told in (_words(confirm), _words(page)):
        assert f"の項目名: 「{first['mapping'][place]['label']}」 → 「案件フェーズ」" in told
        assert re.search(f"「{label} ← .+?」を外す\\(取り込み済みの値は残り", told)
        assert not re.search(r"\b(from|to|label|op|value|mapping\[\w+\]): ", told)
        for one in first["mapping"]:
            assert one["from"] not in told, one["from"]
    assert f'<code class="small api">{first["mapping"][place]["from"]}</code>' in page
    assert "担当者" in _words(page)


def test_an_earlier_version_is_restored_as_a_new_one(street: Street, me: Visitor) -> None:
    versions = _documents(street)
    newest = len(versions)
    offered = me.get("/settings").text
    assert 'href="/settings/versions/1"' in offered
    assert f'href="/settings/versions/{newest}"' not in offered
    page = me.get("/settings/versions/1").text
    assert "案件フェーズ" in _words(page)
    impact = me.get("/settings/versions/1/impact").text
    assert "条件に一致" in impact

    answer = me.post("/settings/versions/1", {"newest": str(newest)})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/settings?saved={newest + 1}",
    )
    assert _documents(street)[-1] == versions[0]
    after = me.get(f"/settings?saved={newest + 1}").text
    assert f"保存済み: バージョン{newest + 1}" in after
    assert "バージョン1と同じ内容です。" in after
    [(asked,)] = street.globex.query(
        "SELECT asked_at IS NOT NULL FROM flyle.links WHERE tenant_id = %s"
    )
    assert asked
    street.globex.sync()
    listed = settings_history(street.house.installation, "globex").versions
    assert listed[0].state == "in_effect"
    assert {one.state for one in listed[1:]} == {"earlier"}


def test_of_two_administrators_the_second_looks_again(street: Street, me: Visitor) -> None:
    """What somebody saved since the page was opened must not be replaced unseen."""
    before = _documents(street)
    answer = me.post("/settings/versions/1", {"newest": str(len(before) - 1)})
    assert answer.status_code >= 400
    assert _documents(street) == before


def test_a_version_that_is_not_there_is_not_found(me: Visitor) -> None:
    for number in ("99", "0", "²", "x" * 50):
        assert me.get(f"/settings/versions/{number}").status_code == 404, number
        assert me.post(f"/settings/versions/{number}", {"newest": "1"}).status_code == 404, number


def test_settings_of_a_file_are_restored_by_who_manages_the_file(
    street: Street, me: Visitor
) -> None:
    """A version beside the file would be replaced by its next read."""
    before = _documents(street)
    file = street.house.installation.environment.config_dir / "tenants" / "globex.yaml"
    file.write_text(street.globex.settings, encoding="utf-8")
    try:
        listed = me.get("/settings").text
        page = me.get("/settings/versions/1").text
        refused = me.post("/settings/versions/1", {"newest": str(len(before))})
    finally:
        file.unlink()
    assert 'href="/settings/versions/1"' not in listed
    assert "Flyleの運用担当者にご依頼ください" in listed
    assert "バージョン1に戻すようご依頼ください" in page
    assert '<button class="button primary big">' not in page
    assert refused.status_code == 400
    assert _documents(street) == before


def test_who_may_only_look_is_offered_no_restore(street: Street) -> None:
    editor = street.house.visitor("globex", "editor")
    assert "/settings/versions/" not in editor.get("/settings").text
    assert editor.post("/settings/versions/1", {"newest": "1"}).status_code == 403


def test_a_restore_is_asked_for_also_while_a_change_is_held(street: Street, me: Visitor) -> None:
    """A held tenant may sync; and who asked reads that the request was accepted."""
    form = _mapping_form(_documents(street)[-1])
    _saved(street, me, form | {"m0.label": "別の名前"})
    newest = len(_documents(street))
    street.globex.sync()
    with street.house.installation.database.tenant("globex") as tx:
        tx.execute("UPDATE links SET state = 'held', asked_at = NULL WHERE tenant_id = :tenant_id")
    restored = me.post(f"/settings/versions/{newest - 1}", {"newest": str(newest)})
    assert restored.headers["location"] == f"/settings?saved={newest + 1}"
    asked = "SELECT asked_at IS NOT NULL FROM flyle.links WHERE tenant_id = %s"
    assert street.globex.query(asked) == [(True,)]
    assert "依頼を受け付けました" in me.get("/").text
    assert "依頼を受け付けました" not in street.house.visitor("globex").get("/").text
