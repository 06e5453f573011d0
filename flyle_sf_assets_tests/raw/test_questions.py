"""The queries about one dataset, word for word: what Salesforce is asked is what it bills."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flyle_sf_assets.errors import ObjectRefused
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.raw.questions import IDS_PER_QUESTION, Questions, Window
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets_tests.check.small_org import ACCOUNT, SCHEMAS, USER, mapped, settings_of

DELETED = FieldSchema("IsDeleted", "削除", "boolean")
MASTER = FieldSchema("MasterRecordId", "マージ先", "reference")
STAMPED = replace(ACCOUNT, fields=(*ACCOUNT.fields, DELETED, MASTER))
ORG: dict[str, ObjectSchema | None] = {**SCHEMAS, "Account": STAMPED}
WINDOW = Window(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 1, 0, 5, tzinfo=UTC))
STAMPS = "(SystemModstamp >= 2026-04-01T00:00:00Z AND SystemModstamp < 2026-04-01T00:05:00Z)"
IN_SCOPE = {"field": "Industry", "op": "eq", "value": "Retail"}
OWNERS = {"field": "Owner.Email", "op": "not_null"}
PLANS = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "Info"}


def asked(name: str, settings: TenantSettings) -> Questions:
    made = plan(settings, ORG)
    return Questions.about(made.dataset(name), made, ORG, settings)


def accounts(*conditions: dict[str, str]) -> Questions:
    return asked(
        "accounts", settings_of(conditions=list(conditions), mapping=[mapped("BillingCity")])
    )


def test_records_in_scope_are_asked_for_whole_by_window_and_by_number() -> None:
    questions = accounts(IN_SCOPE)
    columns = "SELECT Id, SystemModstamp, BillingCity, Name FROM Account WHERE "
    assert questions.count().text == "SELECT COUNT() FROM Account WHERE Industry = 'Retail'"
    assert questions.matching().text == f"{columns}Industry = 'Retail'"
    assert questions.some(3).text == f"{columns}Industry = 'Retail' LIMIT 3"
    only = questions.matching(WINDOW, columns=[]).text
    keys = "SELECT Id, SystemModstamp FROM Account"
    assert only == f"{keys} WHERE (Industry = 'Retail' AND {STAMPS})"


def test_what_left_the_scope_is_asked_for_with_deleted_records() -> None:
    """Without conditions a record leaves the scope only by its deletion."""
    keys = "SELECT Id, SystemModstamp, IsDeleted, MasterRecordId FROM Account WHERE "
    leaving = accounts(IN_SCOPE).leaving(WINDOW)
    assert (leaving.text, leaving.include_deleted) == (f"{keys}{STAMPS}", True)
    of_all = accounts().leaving(WINDOW)
    assert "IsDeleted = TRUE" in of_all.text
    assert of_all.include_deleted


def test_a_parent_that_a_condition_uses_moves_the_scope() -> None:
    """Its change stamps no account: the window asks for the parent's stamp too."""
    touched = accounts(OWNERS).touched(WINDOW, with_values=True, limit=5)
    assert " OR " in touched.text
    assert "Owner.SystemModstamp >= 2026-04-01T00:00:00Z" in touched.text
    assert "BillingCity" in touched.text
    assert touched.text.endswith("LIMIT 5")


def test_records_are_asked_for_by_id_in_batches() -> None:
    """Each id once, as many as fit on one page."""
    questions = accounts()
    ids = [f"001{number:012d}AAA" for number in range(IDS_PER_QUESTION + 1)]
    statements = questions.by_id([*ids, ids[0]], [])
    assert sum(one.text.count("'001") for one in statements) == len(ids)
    assert all(one.include_deleted for one in statements)
    assert questions.no_answer([]).columns == [
        "Id", "SystemModstamp", "IsDeleted", "MasterRecordId",
    ]  # fmt: skip
    assert questions.by_id([], []) == []


def test_an_object_without_a_recycle_bin_is_asked_plainly_for_what_it_has() -> None:
    """Users are never deleted, and their own window has no columns of deletion."""
    settings = settings_of(mapping=[mapped("Owner.Email")])
    users = asked("related/User", settings)
    assert users.everything().text == "SELECT Id, SystemModstamp, Email FROM User"
    keys = "SELECT Id, SystemModstamp FROM User"
    assert users.leaving(WINDOW).text == f"{keys} WHERE {STAMPS}"
    assert users.is_stamped
    assert users.scope is None


def test_records_of_a_one_to_one_object_are_asked_for_by_their_owner() -> None:
    settings = settings_of(one_to_one=[PLANS], mapping=[mapped("Info.Plan__c")])
    infos = asked("related/Contract_Info__c", settings)
    (statement,) = infos.belonging_to("Account__c", ["001000000000001AAA"])
    assert statement.text.endswith("WHERE Account__c IN ('001000000000001AAA')")


def test_a_window_reaches_back_before_the_watermark() -> None:
    """A transaction that ended late was stamped earlier."""
    window = Window.after(WINDOW.until, WINDOW.until, 300)
    assert window == WINDOW


def test_an_object_that_is_hidden_now_is_named() -> None:
    settings = settings_of(mapping=[mapped("Owner.Email")])
    made = plan(settings, {**ORG, "User": USER})
    with pytest.raises(ObjectRefused) as refused:
        Questions.about(made.dataset("related/User"), made, {**ORG, "User": None}, settings)
    assert refused.value.object == "User"
