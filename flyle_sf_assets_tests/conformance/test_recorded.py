"""The page's table of recorded answers is current, and the code does what it says."""

import json

import pytest

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.errors.rules import CALLBACK
from flyle_sf_assets.sandbox.recorded_answers import RECORDED_ANSWERS
from flyle_sf_assets_tests.conformance import recorded
from flyle_sf_assets_tests.conformance.recorded import ErrorRow, Verdict
from flyle_sf_assets_tests.conformance.recorded_facts import FactRow

TRIED = Text("試しました", "Tried")


def judged(row: ErrorRow, language: str) -> faults.Fault:
    """What the product makes of that answer in that language."""
    answer, words = row.recorded, row.recorded.words(language)
    if answer.way == "job":
        return faults.Fault(faults.of_job("Failed", words, tried=TRIED))
    if answer.way == "callback":
        return faults.of_oauth_error(answer.code, words, tried=TRIED, flow=CALLBACK)
    if answer.way == "token":
        body = json.dumps({"error": answer.code, "error_description": words}).encode()
        return faults.of_oauth(answer.status, body, tried=TRIED, flow=row.flow)
    body = json.dumps([{"errorCode": answer.code, "message": words}]).encode()
    return faults.of_answer(answer.status, body, tried=TRIED)


def verdict(fault: faults.Fault) -> Verdict:
    """In the table's words."""
    error = fault.error
    if fault.transient:
        return Verdict(type(error).__name__, error.code, "in seconds")
    if fault.session_expired:
        return Verdict(type(error).__name__, error.code, "a new token, once")
    retry: recorded.Retry = "later" if error.retryable else "by a person"
    return Verdict(type(error).__name__, error.code, retry)


def test_the_table_of_recorded_answers_is_current() -> None:
    """Remedy: ``python flyle_sf_assets_tests/conformance/recorded.py``."""
    text = recorded.DOCUMENT.read_text("utf-8")
    assert text == recorded.recorded_document(text)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("row", recorded.ERRORS, ids=lambda row: row.name)
def test_a_recorded_error_is_judged_as_the_table_says(row: ErrorRow, language: str) -> None:
    """A real org answers in its user's language: what English words tell must not be needed."""
    fault = judged(row, language)
    expected = row.verdict if language == "en" else row.translated or row.verdict
    assert verdict(fault) == expected
    assert fault.error.remedy.ja != fault.error.remedy.en
    assert row.recorded.words(language) in fault.error.came_back.en


def test_a_translated_answer_is_never_less_safe() -> None:
    """Words sharpen: without them it is tried again where it would have been, and stops at last."""
    for row in recorded.ERRORS:
        if row.translated is None:
            continue
        assert row.translated.kind in {"NotConnected", "NotPermitted"}, row.name
        if row.verdict.retry == "in seconds":
            assert row.translated.retry == "in seconds", row.name


def test_every_answer_that_the_sandbox_can_give_is_listed() -> None:
    """An answer without a row is judged by nobody."""
    assert {row.answer for row in recorded.ERRORS} == RECORDED_ANSWERS.keys()


@pytest.mark.parametrize("row", recorded.FACTS, ids=lambda row: row.test.partition("::")[2])
def test_the_test_that_a_fact_names_exists(row: FactRow) -> None:
    """A table that names a renamed test shows nothing."""
    path, _, name = row.test.partition("::")
    file = recorded.ROOT / "flyle_sf_assets_tests" / path
    assert f"def {name}(" in file.read_text("utf-8")
    assert row.source
