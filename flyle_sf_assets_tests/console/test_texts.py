"""Every text of the source in both languages, and every error told in one."""

import functools
import re

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets_tests.console.languages import (
    JAPANESE,
    LABEL,
    Literal,
    english_in,
    faults_of,
    faults_of_page,
    japanese_in,
    joined_wrongly,
    literals_of_code,
    literals_of_templates,
    texts_of_page,
)

TRIED = re.compile(r"^_?(tried|TRIED|ASKED|_TIME|querying)$")


@functools.cache
def literals() -> tuple[Literal, ...]:
    """Of the whole source: read by the first test that asks, not by every process that collects."""
    return (*literals_of_code(), *literals_of_templates())


def test_the_walk_sees_what_a_person_sees() -> None:
    """The oracle itself: an English sentence, Japanese letters, a double stop; and no data."""
    assert english_in("結果: The org does not answer.") == ["The org does not answer"]
    assert english_in("Consumer Key を flyle-sf check acme で確認し、API を使います") == []
    assert japanese_in("The field 売上 is hidden") == ["売上"]
    assert joined_wrongly("直してください。。次") == ["。。"]
    assert joined_wrongly("Mend it.. Then go on") == [".."]
    assert joined_wrongly("Reading …、12.5 %, …") == []
    page = '<html lang="ja"><p>会社 <b translate="no">No Name Ltd</b> が not found here</p></html>'
    assert texts_of_page(page) == ["会社 □ が not found here"]
    assert faults_of_page(page, "ja") == ["'not found here' in '会社 □ が not found here'"]
    assert faults_of_page('<p title="two words">x</p><code>a b</code>', "ja") != []
    assert faults_of_page('<a lang="en">English words here</a>', "ja") == []


def _shown(found: list[Literal]) -> str:
    return "\n".join(f"{one.place}: {one.ja!r} / {one.en!r}" for one in found)


def test_every_text_has_both_languages() -> None:
    """`Text` is the one catalogue: both languages stand side by side at one place."""
    assert len(literals()) > 900
    assert not (wrong := [one for one in literals() if english_in(one.ja)]), _shown(wrong)
    assert not (wrong := [one for one in literals() if japanese_in(one.en)]), _shown(wrong)
    same = [one for one in literals() if one.ja == one.en and faults_of(one.ja, "ja")]
    assert not same, _shown(same)


def test_labels_inside_sentences_are_quoted() -> None:
    """A Japanese label in an English sentence is a name only between quotation marks."""
    unquoted = re.compile(rf"(?<![「“]){LABEL}|{LABEL}(?![」”])")
    wrong = [
        one
        for one in literals()
        if unquoted.search(one.en) or (JAPANESE.search(one.ja) and unquoted.search(one.ja))
    ]
    assert not wrong, _shown(wrong)


def test_no_text_ends_a_sentence_twice() -> None:
    """「。。」 came from joining texts of which some have a full stop and some have none."""
    found = [one for one in literals() if joined_wrongly(one.ja) or joined_wrongly(one.en)]
    assert not found, _shown(found)


def test_what_was_tried_never_reads_as_done() -> None:
    """「ログインしました」 stood above "the login was refused"."""
    tried = [one for one in literals() if TRIED.match(one.use) and one.en.strip("□ []")]
    assert len(tried) > 80
    wrong = [
        one
        for one in tried
        if not one.en.startswith("Tried to ")
        or not re.search(r"(ようとしました|うとしました|試みました)( \(|: |$)", one.ja)
    ]
    assert not wrong, _shown(wrong)


CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FlyleError)
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("stop", ["", "。"])
def test_an_error_is_told_in_one_language(kind: type[FlyleError], stop: str) -> None:
    """What came back was English in every Japanese error; an org's answer is quoted."""
    tried = Text("ログインを試みました", "Tried to log in")
    answer = Text.quoted("INVALID_SESSION_ID Session expired or invalid")
    remedy = Text(f"接続し直してください{stop}", f"Connect again{stop and '.'}")
    if kind is errors.SettingsInvalid:
        problem = errors.Problem("x", "mapping[0]", remedy, remedy)
        error: FlyleError = errors.SettingsInvalid("acme", (problem,))
    else:
        error = kind("some_code", tried=tried, came_back=answer, remedy=remedy)
    assert not faults_of(error.in_language("ja"), "ja")
    assert not faults_of(error.in_language("en"), "en")


def test_a_text_inside_a_text_says_its_language() -> None:
    """An f-string with a whole Text would show its two languages, or its repr."""
    with pytest.raises(TypeError, match="which language"):
        f"{Text('日本語', 'English')}"
