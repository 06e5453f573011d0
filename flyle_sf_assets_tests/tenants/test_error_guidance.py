"""S14: every refusal names the side, the right if one is missing, what to do, and whom to ask."""

import pickle
import re

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.tenants.error_guidance import explained, refusal_of

CONTACT = "help@example.com"
TRIED = Text("試しました", "Tried")
NO = errors.Text.quoted("no")
OAUTH = [
    ("access_denied", "", "salesforce", True),
    ("invalid_client_id", "", "salesforce", False),
    ("invalid_client", "", "salesforce", False),
    ("inactive_user", "", "salesforce", True),
    ("OAUTH_APP_ACCESS_DENIED", "", "salesforce", True),
    ("invalid_grant", "ip restricted", "salesforce", True),
    ("invalid_scope", "", "salesforce", True),
    ("server_error", "", "network", False),
]


@pytest.mark.parametrize(("error", "description", "side", "has_right"), OAUTH)
def test_what_salesforce_says_at_login(
    error: str, description: str, side: str, *, has_right: bool
) -> None:
    made = faults.of_oauth_error(error, description, tried=TRIED).error
    refusal = refusal_of(made, CONTACT)
    assert (refusal.side, refusal.right is not None) == (side, has_right)
    assert refusal.title.ja == "Salesforce連携ができません"
    for text in (refusal.remedy.ja, refusal.remedy.en):
        assert CONTACT in text


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (b'[{"errorCode":"API_DISABLED_FOR_ORG","message":""}]', "「APIの有効化」"),
        (b'[{"errorCode":"INSUFFICIENT_ACCESS","message":""}]', "オブジェクトと項目の参照"),
    ],
)
def test_a_missing_right_in_salesforce_is_named(body: bytes, right: str) -> None:
    refusal = refusal_of(faults.of_answer(403, body, tried=TRIED).error, CONTACT)
    assert refusal.side == "salesforce"
    assert refusal.right is not None
    assert refusal.right.ja == right
    assert right in refusal.message.ja


def test_a_missing_plan_is_on_our_side() -> None:
    """S3: no right in Salesforce changes it."""
    error = errors.PlanNotEligible(
        "plan_not_eligible", tried=TRIED, came_back=errors.Text.quoted("starter"), remedy=TRIED
    )
    refusal = refusal_of(error, CONTACT)
    assert refusal.side == "flyle"
    assert refusal.right is not None


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        (errors.StoreUnavailable, "flyle"),
        (errors.UsageError, "flyle"),
        (errors.OrgUnavailable, "network"),
        (errors.IncompleteRead, "network"),
        (errors.SalesforceRefused, "salesforce"),
    ],
)
def test_the_side_follows_from_what_went_wrong(kind: type[errors.FlyleError], side: str) -> None:
    error = kind("some_code", tried=TRIED, came_back=NO, remedy=TRIED)
    assert refusal_of(error, CONTACT).side == side


def test_an_explained_error_stays_the_same_error() -> None:
    """Exit code, class, code and retryability are what scripts and Dagster look at."""
    error = errors.FieldRefused("field_refused", tried=TRIED, came_back=NO, remedy=TRIED)
    error.field = "Amount"
    told = explained(error, CONTACT)
    assert type(told) is errors.FieldRefused
    assert (told.code, told.field, told.came_back) == ("field_refused", "Amount", NO)
    assert error.tried == TRIED, "the error itself is not changed"
    for language in ("ja", "en"):
        text = told.in_language(language)
        assert text.rstrip("。.").endswith(("お問い合わせください", CONTACT))
    assert "Salesforce連携ができません" in str(told)
    assert CONTACT in str(told)
    assert str(explained(told, CONTACT)) == str(told)
    assert str(pickle.loads(pickle.dumps(told))) == str(told)  # noqa: S301 - our own


def test_both_languages_say_the_same_things() -> None:
    refusal = refusal_of(faults.of_oauth_error("access_denied", "", tried=TRIED).error, CONTACT)
    for text in (refusal.title, refusal.message, refusal.remedy):
        assert re.search(r"[぀-ヿ一-龯]", text.ja)
        assert text.en
