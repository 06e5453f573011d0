"""While settings are edited: what was removed comes back, what was typed is kept, and is said."""

import html
import re

import pytest

from flyle_sf_assets.console.removed_rows import (
    conditions_missing,
    edited_conditions,
    mappings_missing,
)
from flyle_sf_assets.console.request import Form
from flyle_sf_assets.console.setup_forms import (
    ConditionRow,
    MappingRow,
    condition_items,
    regrouped,
)
from flyle_sf_assets.settings.drafts import draft_of, with_conditions
from flyle_sf_assets.settings.models import Condition, Operator
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor

INPUT = re.compile(r'<input(?=[^>]* name="([^"]+)")(?=[^>]* value="([^"]*)")[^>]*>')
CHOSEN = re.compile(
    r'<select[^>]* name="([^"]+)"[^>]*>.*?<option value="([^"]*)" selected', re.DOTALL
)


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Opportunity-based tenant."""
    return street.house.visitor("globex")


@pytest.fixture(autouse=True)
def _fresh(me: Visitor) -> None:
    me.post("/setup/discard")


def _fields(rows: str) -> dict[str, str]:
    """What a browser would send of these rows; buttons aside. Several values of one name: one."""
    found = {name: html.unescape(value) for name, value in INPUT.findall(rows)}
    return found | {name: html.unescape(value) for name, value in CHOSEN.findall(rows)}


def _sources(rows: str) -> list[str]:
    fields = _fields(rows)
    places = sorted(int(name[1:-5]) for name in fields if re.fullmatch(r"m\d+\.from", name))
    return [fields[f"m{place}.from"] for place in places]


def _press(me: Visitor, path: str, rows: str, **button: str) -> str:
    answer = me.post(path, _fields(rows) | button)
    assert answer.status_code == 200, answer.text
    return answer.text


MAPPING, CONDITIONS = "/setup/mapping/rows", "/setup/conditions/rows"


def test_a_removed_mapping_comes_back_where_it_was_with_all_that_was_typed(me: Visitor) -> None:
    rows = me.get(MAPPING).text
    before = _sources(rows)
    typed = _fields(rows) | {"m1.label": "いま入力した名前", "m1.when_blank": "keep"}
    without = me.post(MAPPING, typed | {"remove": "1"}).text
    assert _sources(without) == [before[0], *before[2:]]
    assert "取り込み済みの値はFlyleに残ります" in without
    assert "いま入力した名前" in without
    again = _press(me, MAPPING, without, undo="0")
    assert _sources(again) == before
    assert _fields(again)["m1.label"] == "いま入力した名前"
    assert _fields(again)["m1.when_blank"] == "keep"
    assert "元に戻す" not in again


def test_several_removed_mappings_come_back_one_by_one(me: Visitor) -> None:
    rows = me.get(MAPPING).text
    before = _sources(rows)
    for _ in range(3):
        rows = _press(me, MAPPING, rows, remove="2")
    assert _sources(rows) == before[:2] + before[5:]
    for _ in range(3):
        rows = _press(me, MAPPING, rows, undo=str(rows.count('name="undo"') - 1))
    assert _sources(rows) == before


def test_what_was_removed_can_be_taken_back_after_the_page_was_closed(me: Visitor) -> None:
    """The draft has it no more; the saved settings do."""
    rows = me.get(MAPPING).text
    before = _sources(rows)
    _press(me, MAPPING, rows, remove="0")
    opened = me.get(MAPPING).text
    assert _sources(opened) == before[1:]
    assert _sources(_press(me, MAPPING, opened, undo="0")) == before


def test_mappings_are_reordered_and_the_order_is_saved(street: Street, me: Visitor) -> None:
    rows = me.get(MAPPING).text
    before = _sources(rows)
    rows = _press(me, MAPPING, rows, down="0")
    rows = _press(me, MAPPING, rows, up="2")
    moved = [before[1], before[2], before[0], *before[3:]]
    assert _sources(rows) == moved
    ends = _press(me, MAPPING, rows, up="0")
    assert _sources(_press(me, MAPPING, ends, down=str(len(before) - 1))) == moved
    assert me.post("/setup/mapping", _fields(rows)).headers["location"] == "/setup/confirm"
    assert "項目の並び順を変更" in me.get("/setup/confirm").text
    assert me.confirm().status_code == 303
    [(newest,)] = street.globex.query(
        "SELECT document FROM flyle.settings_versions WHERE tenant_id = %s"
        " ORDER BY version DESC LIMIT 1"
    )
    assert [one["from"] for one in newest["mapping"]] == moved
    assert _sources(me.get(MAPPING).text) == moved


def test_a_removed_condition_comes_back_as_the_sentence_that_it_was(me: Visitor) -> None:
    rows = me.get(CONDITIONS).text
    assert "外した条件" not in rows
    without = _press(me, CONDITIONS, rows, remove="0")
    assert "「<bdi>フェーズ</bdi>」が「<bdi>" in without.replace("\n", "")
    assert "StageName ne &#34;Closed Lost&#34;" in without
    back = _press(me, CONDITIONS, without, undo="0")
    assert "外した条件" not in back
    again = _fields(back)
    place = next(name[:-6] for name, value in again.items() if value == "StageName")
    assert (again[f"{place}.op"], again[f"{place}.value"]) == ("ne", "Closed Lost")


def _row(field: str, group: int) -> ConditionRow:
    return ConditionRow(field, "not_null", (), "", "", group)


def _form(**pressed: str) -> Form:
    return Form(tuple(pressed.items()))


def test_alternatives_come_back_as_alternatives() -> None:
    """As conditions of their own they would both have to hold, and companies would leave."""
    rows: tuple[ConditionRow, ...] = (_row("A", 0), _row("B", 1), _row("C", 1), _row("D", 2))
    start = condition_items(rows)
    removed: tuple[ConditionRow, ...] = ()
    for place in ("2", "1", "0"):
        rows, removed = edited_conditions(_form(remove=place), rows, removed)
    assert [row.field for row in rows] == ["D"]
    for _ in range(3):
        rows, removed = edited_conditions(_form(undo="0"), rows, removed)
    found = condition_items(regrouped(rows))
    assert sorted(map(str, found)) == sorted(map(str, [start[0], start[2], _either("C", "B")]))


def _either(*fields: str) -> dict[str, list[dict[str, str]]]:
    return {"any": [{"field": field, "op": "not_null"} for field in fields]}


def test_one_alternative_joins_its_group_again_however_groups_moved() -> None:
    rows: tuple[ConditionRow, ...] = (_row("A", 0), _row("B", 1), _row("C", 1))
    rows, removed = edited_conditions(_form(remove="2"), rows, ())
    rows, removed = edited_conditions(_form(remove="0"), rows, removed)
    rows, removed = edited_conditions(_form(undo="0"), rows, removed)
    assert condition_items(rows) == [_either("B", "C")]
    assert [row.field for row in removed] == ["A"]


def test_a_mapping_with_another_key_is_not_missing(street: Street) -> None:
    settings = registered_settings(street.house.installation, "globex")
    assert settings is not None
    first = settings.mapping[0]
    renamed = tuple(
        MappingRow(m.from_, "renamed" if m is first else m.to, m.label, "", "blank")
        for m in settings.mapping
    )
    assert mappings_missing(settings, renamed) == ()
    assert [row.to for _, row in mappings_missing(settings, renamed[1:])] == [first.to]
    assert mappings_missing(None, ()) == ()


@pytest.mark.parametrize("page", ["mapping", "conditions"])
def test_what_is_typed_is_stored_and_said(me: Visitor, page: str) -> None:
    """Only buttons stored the draft: a label that was typed was lost when the page was closed."""
    opened = me.get(f"/setup/{page}").text
    assert f'hx-post="/setup/{page}/draft"' in opened
    rows = me.get(f"/setup/{page}/rows").text
    assert "下書きを保存済み" not in rows
    typed = _fields(rows)
    name, text = ("m0.label", "打ち込んだだけ") if page == "mapping" else ("c1.value", "4321")
    typed[name] = text
    said = me.post(f"/setup/{page}/draft", typed).text
    assert "下書きを保存済み" in said
    assert "連携にはまだ反映されていません" in said
    later = me.get(f"/setup/{page}/rows").text
    assert f'value="{text}"' in later
    assert "下書きを保存済み" in later


def test_of_two_mappings_of_one_field_the_removed_one_is_missing(street: Street) -> None:
    """The one that is still there was counted for both, whichever was removed."""
    settings = registered_settings(street.house.installation, "globex")
    assert settings is not None
    first = settings.mapping[0]
    twin = first.model_copy(update={"to": "twin", "label": "双子"})
    both = settings.model_copy(update={"mapping": (first, twin)})
    rows = {m.to: MappingRow(m.from_, m.to, m.label, "", "blank") for m in (first, twin)}
    for gone, kept in ((first.to, "twin"), ("twin", first.to)):
        assert [row.to for _, row in mappings_missing(both, (rows[kept],))] == [gone]


def test_of_two_conditions_on_one_field_the_removed_one_is_missing(street: Street) -> None:
    settings = registered_settings(street.house.installation, "globex")
    assert settings is not None
    low, high = (
        Condition(field="Amount", op=op, value=value)
        for op, value in ((Operator.GE, "1"), (Operator.LE, "9"))
    )
    source = settings.source.model_copy(update={"conditions": (low, high)})
    both = settings.model_copy(update={"source": source})
    draft = draft_of(both, None)
    assert conditions_missing(both, draft) == ()
    for gone, kept in ((low, high), (high, low)):
        [missing] = conditions_missing(both, with_conditions(draft, [kept]))
        assert missing.op == gone.op.value
    edited = with_conditions(draft, [low, high.model_copy(update={"value": "8"})])
    assert conditions_missing(both, edited) == ()
    twice = settings.model_copy(
        update={"source": settings.source.model_copy(update={"conditions": (low, low)})}
    )
    assert len(conditions_missing(twice, with_conditions(draft, [low]))) == 1
