"""Errors as text: what is stored of one, and read back in one language.

What does not belong here: which errors there are, and what they say.
"""

import pytest

from flyle_sf_assets.errors import (
    AnswerTooLarge,
    ApiBudgetSpent,
    FlyleError,
    OrgUnavailable,
    Text,
    text_of,
)


def _error(came_back: Text) -> FlyleError:
    return OrgUnavailable(
        "org_silent",
        tried=Text("接続しようとしました", "Tried to connect"),
        came_back=came_back,
        remedy=Text("お待ちください", "Wait"),
    )


@pytest.mark.parametrize(
    "came_back",
    [
        Text("応答がありません", "no answer"),
        Text("1行目\n2行目", "line one\nline two"),
        Text.quoted("[other_code] text\n[org_silent_too] 文"),
        Text("", ""),
    ],
)
def test_a_stored_error_is_read_back_in_each_language(came_back: Text) -> None:
    error = _error(came_back)
    text = text_of(str(error))
    assert text == Text(error.in_language("ja"), error.in_language("en"))


@pytest.mark.parametrize("written", ["", "abandoned", "[a] one\n[b] two", "KeyboardInterrupt"])
def test_another_text_is_none_of_our_errors(written: str) -> None:
    assert text_of(written) is None


def test_what_lasts_is_for_a_later_run() -> None:
    """A run retry minutes later meets the same limit; the schedule's next look may not."""
    for kind in (ApiBudgetSpent, AnswerTooLarge):
        assert (kind.retryable, kind.lasts) == (True, True)
    assert (OrgUnavailable.retryable, OrgUnavailable.lasts) == (True, False)
