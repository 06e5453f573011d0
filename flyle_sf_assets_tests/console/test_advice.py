"""What an administrator reads: what they can do, at most two banners, and who asked for a sync."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.syncs.syncs import finish_sync, open_sync
from flyle_sf_assets.store.tenants.links import Attention, add_attention, clear_attention
from flyle_sf_assets.store.tenants.notices import add_notice, list_notices
from flyle_sf_assets.tenants.advice import Advice, advice_in, advice_on
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.languages import banners_of

CONTACT = "help@example.jp"
OPERATORS_WORDS = re.compile(r"flyle-sf [a-z]|FLYLE_[A-Z]|ACME_SF_|環境変数")
TOLD = Text("失敗しました", "It failed")


@pytest.mark.parametrize(
    "remedy",
    [
        Text("flyle-sf check acme で確認してください", "See flyle-sf check acme"),
        Text("環境変数 ACME_SF_KEY に値を設定してください", "Set ACME_SF_KEY in the environment"),
        Text("FLYLE_SF_CA_FILE に指定してください", "Name it in FLYLE_SF_CA_FILE"),
        Text("acme.yaml を変更してください", "Change acme.yaml"),
        Text("{env: 変数名} を書いてください", "Write {env: NAME}"),
    ],
    ids=lambda remedy: remedy.en,
)
def test_what_only_operators_can_do_says_whom_to_ask(remedy: Text) -> None:
    """A customer's administrator read `flyle-sf check` and names of variables."""
    advice = advice_on("some_code", TOLD, remedy, CONTACT)
    for language in ("ja", "en"):
        text = advice.text.in_language(language)
        assert CONTACT in text
        assert "some_code" in text
        assert not OPERATORS_WORDS.search(text)
        assert advice.details is not None
        assert remedy.in_language(language) in advice.details.in_language(language)


def test_what_an_administrator_can_do_stays_as_it_is() -> None:
    """Most remedies are done in Salesforce or in the console."""
    remedy = Text("項目を参照できるようにしてください", "Let the user read the field")
    assert advice_on("field_refused", TOLD, remedy, CONTACT) == Advice(remedy)
    assert advice_in(remedy, CONTACT) == Advice(remedy)


def test_connecting_again_is_done_in_the_console_unless_a_file_has_the_connection() -> None:
    """With a file there is nothing to connect in the console."""
    remedy = Text("flyle-sf connect acme で連携してください", "Use flyle-sf connect acme")
    here = advice_on("disconnected", TOLD, remedy, CONTACT)
    assert here.details is None
    assert "Connect again" in here.text.en
    there = advice_on("disconnected", TOLD, remedy, CONTACT, is_from_file=True)
    assert CONTACT in there.text.en
    assert there.details is not None


@pytest.fixture
def file_of_acme(street: Street) -> Iterator[Path]:
    """Its settings are a file of the operators while a test runs."""
    file = street.house.installation.environment.config_dir / "tenants" / "acme.yaml"
    file.write_text("tenant: acme\n", encoding="utf-8")
    yield file
    file.unlink()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_settings_in_a_file_say_whom_to_ask(
    street: Street, file_of_acme: Path, language: str
) -> None:
    """It said 「ファイルを保存すると」 to somebody who has no access to any file."""
    assert file_of_acme.exists()
    visitor = street.house.visitor("acme", language=language)
    page = visitor.get("/settings").text
    assert street.house.settings.support_contact in page.partition("<footer")[0]
    assert not OPERATORS_WORDS.search(page)
    refused = visitor.post("/setup/object", {"object": "Account", "every": "3h"})
    assert street.house.settings.support_contact in refused.text.partition("<footer")[0]
    visible = re.sub(r"<details.*?</details>", "", refused.text, flags=re.DOTALL)
    assert not OPERATORS_WORDS.search(visible)


def test_at_most_two_banners_stand_on_the_first_page(street: Street) -> None:
    """Seven red boxes pushed everything else off the screen."""
    now = datetime.now(UTC)
    items = [
        Attention(f"code_{number}", "Account", None, Text(f"{number}番目", f"No {number}"), TOLD)
        for number in range(4)
    ]
    with street.house.installation.database.tenant("acme") as tx:
        add_attention(tx, items, now)
        add_notice(tx, "attention", Text("題名", "Title"), Text("本文", "Body"), now)
    page = street.house.visitor("acme").get("/").text
    assert banners_of(page) == 2
    assert all(f"{number}番目" in page for number in range(4))
    assert re.search(r"<summary>ほかに\d+件</summary>", page)
    with street.house.installation.database.tenant("acme") as tx:
        for item in items:
            clear_attention(tx, item.code)


def test_every_unread_notice_is_counted(street: Street) -> None:
    """Only the three that the page had loaded were: 「ほかに1件」 with twelve unread."""
    now, visitor = datetime.now(UTC), street.house.visitor("globex")
    with street.house.installation.database.tenant("globex") as tx:
        for number in range(12):
            add_notice(tx, "recovered", Text(f"{number}通目", f"No {number}"), TOLD, now)
        unread = len(list_notices(tx, unread_only=True))
    page = visitor.get("/").text
    assert f"<summary>ほかに{unread - banners_of(page)}件</summary>" in page
    listed = len(set(re.findall(r"\d+通目", page)))
    assert f"ほかの未読のお知らせ: {unread - listed}件" in page


def test_only_who_asked_reads_that_the_request_was_accepted(street: Street) -> None:
    """Every colleague read 「依頼を受け付けました」 for what one of them had asked for."""
    me, colleague = street.house.visitor("acme"), street.house.visitor("acme", "editor")
    assert me.post("/sync").status_code == 303
    for page in ("/", "/progress"):
        assert "依頼を受け付けました" in me.get(page).text
        assert "同期の開始を待っています" in colleague.get(page).text
        assert "依頼を受け付けました" not in colleague.get(page).text
        assert "依頼を受け付けました" not in street.house.visitor("acme").get(page).text


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", ["/syncs", "/syncs/{sync_id}"])
def test_why_a_sync_failed_is_said_in_one_language_and_to_whom_it_reads(
    street: Street, page: str, language: str
) -> None:
    """The page of one sync showed the error as it is stored: both languages, and commands."""
    error = (
        "[lost] It failed. Remedy: see flyle-sf check acme"
        "\n[lost] 失敗しました。対処: flyle-sf check acme で確認してください"
    )
    now = datetime.now(UTC)
    with street.house.installation.database.tenant("acme") as tx:
        sync = open_sync(tx, "refresh", None, now)
        finish_sync(tx, sync.sync_id, "failed", now, error)
    visitor = street.house.visitor("acme", language=language)
    said = visitor.get(page.format(sync_id=sync.sync_id)).text
    main = said.partition("<main")[2].partition("<footer")[0]
    assert street.house.settings.support_contact in main
    assert not OPERATORS_WORDS.search(main)
    assert "[lost]" not in main
