"""Settings that cannot be right are refused without an org: with file, line and reason."""

import re
from pathlib import Path

import pytest

from flyle_sf_assets.settings.drafts import Draft, validate_draft
from flyle_sf_assets.settings.loading import Loaded, load_each, load_tenant
from flyle_sf_assets_tests.settings.broken_files import EDITED, HOSTS, WHOLE, Broken, Whole
from flyle_sf_assets_tests.settings.conftest import CONTRACT_EXAMPLE
from flyle_sf_assets_tests.settings.files import Load, LoadEdited, errors

ROOT = Path(__file__).parents[2]
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


def assert_told(loaded: Loaded, code: str, line: int | None, words: str) -> None:
    """That problem is an error at that line of that file, in both languages."""
    assert loaded.settings is None
    found = [p for p in loaded.problems if (p.code, p.line) == (code, line)]
    assert found, loaded.problems
    (problem,) = found
    assert problem.severity == "error"
    assert problem.file == "acme.yaml"
    assert words in problem.message.en
    for text in (problem.message, problem.remedy):
        assert JAPANESE.search(text.ja)
        assert text.en
        assert len(text.en) < 500


@pytest.mark.parametrize(
    "broken", EDITED, ids=[f"{number}-{one.code}" for number, one in enumerate(EDITED)]
)
def test_a_single_mistake_is_refused_at_its_line(load_edited: LoadEdited, broken: Broken) -> None:
    """And nothing else is wrong with the file."""
    loaded = load_edited((broken.before, broken.after))
    assert_told(loaded, broken.code, broken.line, broken.words)
    others = {code for code, _, _ in errors(loaded)} - {broken.code}
    assert others <= {"tenant_is_not_file_name"}


@pytest.mark.parametrize(
    "whole", WHOLE, ids=[f"{number}-{one.code}" for number, one in enumerate(WHOLE)]
)
def test_a_file_that_holds_no_settings_says_why(tmp_path: Path, whole: Whole) -> None:
    """From an empty file to a thousand times the same line."""
    path = tmp_path / "acme.yaml"
    path.write_bytes(whole.content)
    assert_told(load_tenant(path), whole.code, whole.line, whole.words)


def test_a_hundred_broken_files_in_one_folder_leave_the_sound_one_alone(tmp_path: Path) -> None:
    """docs/reliability.md counts them."""
    count = len(EDITED) + len(WHOLE)
    assert count >= 100
    assert f"{count} settings files" in (ROOT / "docs" / "reliability.md").read_text("utf-8")
    tenants = tmp_path / "tenants"
    tenants.mkdir()
    (tenants / "acme.yaml").write_text(CONTRACT_EXAMPLE, "utf-8")
    for number, broken in enumerate(EDITED):
        text = CONTRACT_EXAMPLE.replace(broken.before, broken.after)
        (tenants / f"b{number}.yaml").write_text(text, "utf-8")
    for number, whole in enumerate(WHOLE):
        (tenants / f"w{number}.yaml").write_bytes(whole.content)
    assert [one.tenant for one in load_each(tmp_path) if one.settings] == ["acme"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_listed_host_is_accepted_and_a_draft_is_judged_alike(
    load: Load, tmp_path: Path, host: str
) -> None:
    """A file and the console's draft go through the same rule."""
    text = CONTRACT_EXAMPLE.replace("https://acme.my.salesforce.com", host)
    loaded = load(text)
    assert [code for code, _, _ in errors(loaded)] == ["org_url_not_allowed"]
    listed = (host.removeprefix("https://"),)
    allowed = load_tenant(tmp_path / "acme.yaml", listed)
    assert errors(allowed) == []
    document = allowed.require().model_dump(mode="json", by_alias=True, exclude_none=True)
    found = validate_draft(Draft(document)).problems
    assert [p.code for p in found if p.severity == "error"] == ["org_url_not_allowed"]
    assert validate_draft(Draft(document, extra_hosts=listed)).settings is not None


def test_letters_of_every_language_stay_in_names(load_edited: LoadEdited) -> None:
    """Emoji are joined by a character without width; labels may hold any sign."""
    loaded = load_edited(("株式会社アクメ", '"ﾃｽﾄ 👩\u200d💻 Ünïcode \\"; DROP"'))
    assert errors(loaded) == []
