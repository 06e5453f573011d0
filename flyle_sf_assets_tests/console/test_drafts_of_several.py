"""A draft that several pages or people work on: nothing of it is lost, and none saves unseen."""

import html
import re

import pytest

from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor

INPUT = re.compile(r'<input(?=[^>]* name="([^"]+)")(?=[^>]* value="([^"]*)")[^>]*>')
CHOSEN = re.compile(
    r'<select[^>]* name="([^"]+)"[^>]*>.*?<option value="([^"]*)" selected', re.DOTALL
)
PAGES = ("conditions", "mapping")


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Opportunity-based tenant."""
    return street.house.visitor("globex")


@pytest.fixture(autouse=True)
def _fresh(me: Visitor) -> None:
    me.post("/setup/discard")


def _fields(rows: str) -> dict[str, str]:
    """What a browser would send of these rows; buttons aside."""
    found = {name: html.unescape(value) for name, value in INPUT.findall(rows)}
    return found | {name: html.unescape(value) for name, value in CHOSEN.findall(rows)}


def _named(rows: str, ending: str) -> list[str]:
    """The fields of the rows, in their order."""
    return re.findall(rf'name="[cm]\d+\.{ending}" value="([^"]*)"', rows)


def _newest(street: Street) -> int:
    [(newest,)] = street.globex.query(
        "SELECT max(version) FROM flyle.settings_versions WHERE tenant_id = %s"
    )
    return int(newest)


@pytest.mark.parametrize(("page", "ending"), [("conditions", "field"), ("mapping", "from")])
def test_a_click_before_the_rows_are_loaded_adds_to_them(
    me: Visitor, page: str, ending: str
) -> None:
    """The form has no row then: the draft was replaced by the added field alone."""
    before = _named(me.get(f"/setup/{page}/rows").text, ending)
    assert before
    early = me.post(f"/setup/{page}/rows", {"add": "CreatedDate"})
    assert _named(early.text, ending) == [*before, "CreatedDate"]
    assert _named(me.get(f"/setup/{page}/rows").text, ending) == [*before, "CreatedDate"]


def test_an_early_click_still_offers_what_was_removed(me: Visitor) -> None:
    rows = me.get("/setup/mapping/rows").text
    me.post("/setup/mapping/rows", _fields(rows) | {"remove": "0"})
    assert "元に戻す" in me.post("/setup/mapping/rows", {"add": "CreatedDate"}).text


def test_what_another_page_changed_is_shown_before_it_is_saved(street: Street, me: Visitor) -> None:
    """The confirm page saved the draft of then, not what the person had read."""
    other = street.house.visitor("globex")
    rows = _fields(me.get("/setup/mapping/rows").text)
    me.post("/setup/mapping", rows | {"m0.label": "読んだ名前"})
    shown = _fields(me.get("/setup/confirm").text)
    other.post("/setup/mapping/draft", rows | {"m0.label": "ほかの人の名前"})
    before = _newest(street)
    answer = me.post("/setup/confirm", shown)
    assert answer.status_code == 409
    assert "ほかの画面で変更されたため、保存していません" in answer.text
    assert "ほかの人の名前" in answer.text
    assert _newest(street) == before
    assert me.post("/setup/confirm", _fields(answer.text)).status_code == 303
    assert _newest(street) == before + 1


def test_another_order_of_the_rows_is_shown_before_it_is_saved(me: Visitor) -> None:
    """The digest of versions does not depend on the order, which people see."""
    rows = _fields(me.get("/setup/mapping/rows").text)
    shown = _fields(me.get("/setup/confirm").text)
    me.post("/setup/mapping/rows", rows | {"down": "0"})
    assert me.post("/setup/confirm", shown).status_code == 409


def test_settings_that_nobody_was_shown_are_not_saved(street: Street, me: Visitor) -> None:
    before = _newest(street)
    me.post("/setup/object", {"object": "Opportunity", "every": "12h"})
    assert me.post("/setup/confirm").status_code == 409
    assert _newest(street) == before


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("action", ["draft", "rows", ""])
def test_rows_of_earlier_settings_do_not_replace_a_newer_version(
    street: Street, me: Visitor, page: str, action: str
) -> None:
    """A page that was left open stored its rows as a draft of the newest version."""
    stale = _fields(me.get(f"/setup/{page}/rows").text)
    other = street.house.visitor("globex")
    every = f"{1 + len(page + action) % 6}h"
    other.post("/setup/object", {"object": "Opportunity", "every": every})
    saved = other.post("/setup/confirm", _fields(other.get("/setup/confirm").text))
    assert saved.status_code == 303
    path = f"/setup/{page}/{action}".rstrip("/")
    answer = me.post(path, stale, headers={"HX-Request": "true"} if action else None)
    again = f"/setup/{page}?moved=1"
    assert again == (answer.headers.get("hx-redirect") or answer.headers.get("location"))
    assert "下書きを保存済み" not in me.get(f"/setup/{page}/rows").text
    assert "この間に別の設定が保存されたため" in me.get(again).text
    assert "この間に別の設定が保存されたため" not in me.get(f"/setup/{page}").text
