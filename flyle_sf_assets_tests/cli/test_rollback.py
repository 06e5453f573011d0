"""``flyle-sf rollback``: preview, rollback, resume, and what they say to people and scripts."""

from typing import Any

import pytest

from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org

ROWS = "SELECT external_id, name, status, custom_fields FROM flyle.companies ORDER BY 1"


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org()


@pytest.fixture(scope="module")
def before(here: Site, org: Org) -> list[tuple[Any, ...]]:
    """The rows before the bad sync 2: a blanked industry, an exact number, a wrong name."""
    here.link("acme", org)
    assert here.run("sync", "acme").code == 0
    rows = here.query(ROWS)
    clock = org._clock  # noqa: SLF001 - time passes in the org
    assert isinstance(clock, ManualClock)
    clock.advance(600)
    ids = sorted(org.ids("Account"))
    org.mass_update("Account", ids[:30], {"Industry": None, "Exact_Revenue__c": "12345678901.5"})
    org.update("Account", ids[0], {"Name": "まちがい"})
    org.insert("Account", {"Name": "新規"})
    clock.advance(600)
    assert here.run("sync", "acme", "--json").document["sync_id"] == 2
    return rows


def existing(rows: list[tuple[Any, ...]], before: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without the companies that were not there before."""
    known = {row[0] for row in before}
    return [row for row in rows if row[0] in known]


def test_preview_rollback_and_resume(here: Site, before: list[tuple[Any, ...]]) -> None:
    """As an administrator does it: look, restore, see it kept, and follow Salesforce again."""
    after = here.query(ROWS)
    looked = here.run("rollback", "acme", "2", "--dry-run", "--json")
    assert looked.code == 0, looked.err
    told = looked.document
    assert (told["is_dry_run"], told["rollback_sync_id"], told["restored"]) == (True, None, 30)
    assert here.query(ROWS) == after
    shown = here.run("rollback", "acme", "2", "--dry-run", COLUMNS="200")
    assert "nothing was changed" in shown.out
    assert "まちがい" in shown.out
    answer = here.run("rollback", "acme", "2", "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    assert document.keys() >= {"tenant", "sync_id", "restored", "left_alone", "rollback_sync_id"}
    assert (document["tenant"], document["sync_id"], document["restored"]) == ("acme", 2, 30)
    assert document["changes"] == told["changes"]
    assert document["left_alone_counts"] == {"created": 1}
    [left] = document["left_alone"]
    assert (left["reason"], left["name"], left["field"]) == ("created", "新規", None)
    assert all(left[one] for one in ("message", "message_ja"))
    assert existing(here.query(ROWS), before) == before
    assert here.run("sync", "acme", "--full").code == 0
    assert existing(here.query(ROWS), before) == before
    [kept] = here.run("status", "acme", "--json").document["tenants"][0]["rolled_back"]
    assert (kept["sync_id"], kept["values"]) == (2, document["restored_values"])
    page = here.run("status", "acme", COLUMNS="120").out
    assert "values of sync 2" in page
    assert "Rollback" in page
    history = here.run("history", "acme", before[0][0], "--json").document["changes"]
    assert {(one["reason"], one["sync_id"]) for one in history if one["reason"]} == {
        ("rolled_back:2", document["rollback_sync_id"])
    }
    resumed = here.run("rollback", "acme", "2", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert (resumed.document["restored"], resumed.document["is_resume"]) == (30, True)
    assert here.query(ROWS) == after
    assert here.run("status", "acme", "--json").document["tenants"][0]["rolled_back"] == []
    again = here.run("rollback", "acme", "2", "--resume", "--json")
    assert (again.code, again.document["error"]["code"]) == (1, "nothing_rolled_back")
    assert again.document["left_alone"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("acme", "999"), 1, "unknown_sync"),
        (("nobody", "1"), 4, "unknown_tenant"),
        (("acme", "x"), 2, "usage"),
    ],
)
def test_what_cannot_be_rolled_back_says_why(
    here: Site, before: list[tuple[Any, ...]], arguments: tuple[str, ...], code: int, error: str
) -> None:
    answer = here.run("rollback", *arguments, "--json")
    assert (answer.code, answer.document["error"]["code"]) == (code, error)


def test_nothing_to_restore_is_no_sync(here: Site, before: list[tuple[Any, ...]]) -> None:
    """The first sync only created companies; each is named, and none is touched."""
    newest = here.query("SELECT max(sync_id) FROM flyle.syncs")
    answer = here.run("rollback", "acme", "1", "--json")
    assert (answer.code, answer.document["rollback_sync_id"]) == (0, None)
    assert (answer.document["restored"], len(answer.document["left_alone"])) == (0, len(before))
    assert here.query("SELECT max(sync_id) FROM flyle.syncs") == newest
    assert "nothing to restore" in here.run("rollback", "acme", "1").out
    japanese = here.run("--lang", "ja", "rollback", "acme", "1").out
    assert "戻す値はありません" in japanese
    assert "この同期で作成された企業です" in japanese
