"""Bugs that the model found, each as small as it gets: the same rules, written out.

What does not belong here: the rules (``rules_*.py``) and changes one at a time (``flows``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.faults.machine import Ground
from flyle_sf_assets_tests.faults.model import Model


@pytest.fixture
def model(ground: Ground) -> Iterator[Model]:
    """An Account-based tenant that was synced once; in the end everything must be found."""
    with linked(ground, "Account") as made:
        yield made


@pytest.fixture
def deals(ground: Ground) -> Iterator[Model]:
    """The same, based on Opportunity."""
    with linked(ground, "Opportunity") as made:
        yield made


@contextmanager
def linked(
    ground: Ground, base: str, overlap_s: int = 0, *, calculated: bool = False
) -> Iterator[Model]:
    Model.ground = ground
    made = Model()
    made.link(
        base=base,
        calculated=calculated,
        page=2000,
        groups=frozenset({"schema", "settings", "census"}),
        every=1000,
        overlap_s=overlap_s,
    )
    yield made
    made.teardown()


def test_a_field_whose_permission_comes_back_is_read_again_though_describe_says_unchanged(
    model: Model,
) -> None:
    """Describe answered 304 for ever after: the parent's values stayed as they were."""
    model.hide_field(at=("Account", "ParentId"), moves=False)
    model.refresh(minutes=1440)
    model.bring_back(moves=False, number=0)
    model.refresh(minutes=1440)
    assert not model.world.owed


def test_an_option_added_in_the_second_of_a_describe_is_seen_without_an_overlap(
    model: Model,
) -> None:
    """Asked with the describe's own second as If-Modified-Since, Salesforce said 304."""
    model.add_option(at=("Contract_Info__c", "Plan__c"), number=227)
    model.refresh_more(kind="full")
    assert not model.world.owed


def test_an_object_that_was_hidden_since_the_last_describe_is_no_idle_tenant(model: Model) -> None:
    """The idle check ended in INVALID_TYPE, so that no refresh ever found out."""
    model.hide_object(moves=False)
    assert not model.world.check_idle()


def test_an_undelete_that_fills_lookups_again_is_found_by_the_census(model: Model) -> None:
    """No stamp of the child moves; it was read while its lookup was blank."""
    children = [one for one in model.org.records("Account") if one["ParentId"]]
    parent = str(children[0]["ParentId"])
    model.org.delete("Account", parent)
    model.org.update("Account", str(children[0]["Id"]), {"Phone": "03-0000-0000"})
    model.world.refresh()
    model.org.undelete("Account", parent)
    model.world.owe("census")
    model.world.refresh("census")
    assert not model.world.owed


def test_values_of_the_other_base_object_become_null_when_their_type_changes(model: Model) -> None:
    """No record is held to convert them from; a field never holds two types at once."""
    industry = next(one for one in model.world.document["mapping"] if one["to"] == "industry")
    industry["type"] = "text"
    model.world.apply()
    model.world.refresh()
    model.change_base(calculated=False)
    model.world.refresh()
    rows = model.world.reading.rows(model.world.tenant.name).values()
    unlinked = [row.company for row in rows if row.source_object == "Account"]
    assert {company.custom_fields["industry"] for company in unlinked} == {None}


def test_a_record_purged_while_the_other_object_was_the_base_is_missing_afterwards(
    model: Model,
) -> None:
    """Nothing told of it any more: its company was linked again with the values it once had."""
    purged = model.org.ids("Account")[5]
    model.change_base(calculated=False)
    model.world.refresh()
    model.org.hard_delete("Account", purged)
    model.change_base(calculated=False)
    model.world.refresh()
    company = model.world.reading.rows(model.world.tenant.name)[purged].company
    assert (company.status, company.status_reason) == ("missing", "not_found")


def test_an_object_that_was_away_is_read_whole_when_it_is_mapped_again(model: Model) -> None:
    """A field was deleted and made again meanwhile: no stamp told that its values were gone."""
    world, plan_field = model.world, ("Contract_Info__c", "Plan__c")
    mapping = world.document["mapping"]
    away = [one for one in mapping if one["from"].startswith("ContractInfo.")]
    world.document["mapping"] = [one for one in mapping if one not in away]
    world.apply()
    world.refresh()
    model.org.add_field(plan_field[0], model.org.remove_field(*plan_field))
    world.document["mapping"] = mapping
    world.apply()
    world.refresh()
    companies = world.reading.rows(world.tenant.name).values()
    assert {row.company.custom_fields["plan"] for row in companies} == {None}


def test_a_lookup_that_a_describe_midway_brings_back_is_read_in_the_same_refresh(
    deals: Model,
) -> None:
    """Accounts were read already without their parents: the join ended for want of the column."""
    deals.hide_field(at=("Account", "ParentId"), moves=False)
    deals.world.refresh()
    deals.bring_back(moves=False, number=0)
    deals.hide_object(moves=False)
    deals.world.refresh()
    assert not deals.world.owed


def test_a_select_that_a_surprising_option_brings_back_is_delivered_in_the_same_refresh(
    model: Model,
) -> None:
    """The options asked describe again after the join, which did not have the field yet."""
    model.hide_field(at=("Account", "Regions__c"), moves=False)
    model.world.refresh()
    model.bring_back(moves=False, number=0)
    model.add_option(at=("Account", "Industry"), number=1)
    model.world.refresh()
    assert not model.world.owed


def test_values_that_a_change_of_type_converted_are_read_again(model: Model) -> None:
    """Salesforce stamps no record for it: the text of before stood, and could not be converted."""
    model.change_field_type(at=("Account", "Is_Strategic__c"))
    model.refresh_more(kind="full")
    model.bring_back(moves=True, number=0)
    model.refresh(minutes=1440)
    assert not model.world.owed


@pytest.mark.parametrize("is_looked_at", [False, True])
def test_a_field_that_was_deleted_and_made_anew_unseen_is_found_by_the_census(
    model: Model, *, is_looked_at: bool
) -> None:
    """Its values are gone, no record is stamped, and describe says what it said before.

    An idle check before the census asks describe, and finds nothing to do.
    """
    account, at = model.org.ids("Account")[0], ("Account", "Regions__c")
    model.org.update("Account", account, {"Regions__c": "North"})
    model.world.refresh()
    model.refresh(minutes=60)  # the record lies before what an idle check looks at
    model.remove_field(at=at)
    model.bring_back(moves=True, number=0)
    model.world.later(7 * 3600)
    if is_looked_at:
        assert model.world.check_idle()
    model.refresh_more(kind="census")
    assert not model.world.owed
    company = model.world.reading.rows(model.world.tenant.name)[account].company
    assert company.custom_fields["regions"] is None


@pytest.mark.parametrize(("is_purged", "status"), [(True, "missing"), (False, "merged")])
def test_a_record_merged_while_the_other_object_was_the_base_is_no_unsound_row(
    model: Model, *, is_purged: bool, status: str
) -> None:
    """It came back as deleted, and with a winner: its company was refused and stayed unlinked."""
    model.change_base(calculated=False)
    model.world.refresh()
    deals = model.org.records("Opportunity")
    winner, loser = list(dict.fromkeys(str(d["AccountId"]) for d in deals if d["AccountId"]))[:2]
    model.org.merge("Account", winner, [loser])
    model.world.refresh()
    if is_purged:
        model.org.empty_recycle_bin()
        model.world.owe("census")
    model.change_base(calculated=False)
    model.world.refresh()
    company = model.world.reading.rows(model.world.tenant.name)[loser].company
    assert (company.status, company.merged_into) == (status, None if is_purged else winner)


def test_what_changed_after_a_download_that_is_taken_up_again_is_read_with_it(
    model: Model,
) -> None:
    """Its rows are as of the day when it was asked, and were shown as if they were today's."""
    model.change_base(calculated=False)
    broken = (FaultKind.TRUNCATED_SILENTLY, "/jobs/query")
    model.bulk_fault(fault=broken, skip=1, times=99)
    model.move(lookup=("Opportunity", "AccountId", "Account"), number=1, onto=0, is_cleared=True)
    model.delete(object_name="Opportunity", number=2)
    model.insert(number=3, value=4)
    model.refresh(minutes=20)
    assert not model.world.owed


@pytest.mark.parametrize(
    ("object_name", "late"),
    [
        ("Account", {"Website": "https://late.example"}),
        ("Account", {"Type": "Other"}),
        ("Account", {"Type": "Customer"}),
        ("User", {"Department": "Late"}),
    ],
)
def test_a_second_change_within_a_second_that_becomes_visible_late_is_not_idle(
    ground: Ground, object_name: str, late: dict[str, str]
) -> None:
    """The stamp that is held says nothing of it: it is the first change's."""
    with linked(ground, "Account", overlap_s=900) as model:
        org, world = model.org, model.world
        world.document["source"]["conditions"] = [
            {"field": "Type", "op": "eq", "value": "Customer"}
        ]
        world.apply()
        is_customer = late.get("Type") != "Customer"
        account = next(
            one for one in org.records("Account") if (one["Type"] == "Customer") == is_customer
        )
        record = str(account["OwnerId" if object_name == "User" else "Id"])
        world.refresh()
        world.later(7 * 3600)
        first = {"Department": "First"} if object_name == "User" else {"Phone": "1"}
        org.update(object_name, record, first)
        org.update(object_name, record, late, late_s=900)
        world.refresh()
        world.later(7 * 3600)
        assert not world.check_idle()
        world.refresh()
        assert world.check_idle()


def test_a_roll_up_that_moved_under_another_base_that_no_refresh_saw_is_a_sweeps_to_find(
    ground: Ground,
) -> None:
    """A false alarm of the model: it took the base that came back for one that is read again."""
    with linked(ground, "Account", calculated=True) as model:
        model.change_base(calculated=False)
        model.insert(number=1012, value=1148)
        model.change_base(calculated=True)
        model.world.refresh()
        assert "sweep" in model.world.owed
        model.world.refresh("sweep")
        assert not model.world.owed


@pytest.mark.parametrize("base", ["Account", "Opportunity"])
def test_options_that_describe_lists_no_more_keep_their_labels_in_the_model(
    ground: Ground, base: str
) -> None:
    """Deactivated, hidden meanwhile, removed, and there again with another label."""
    Model.ground = ground
    model = Model()
    groups = frozenset({"schema", "absent options"})
    model.link(base=base, calculated=False, page=2000, groups=groups, every=1000, overlap_s=900)
    org, state = model.org, ("Account", "BillingStateCode")
    for number, account in enumerate(org.ids("Account")):
        country = ("JP", "CN", None)[number % 3]
        org.update("Account", account, {state[1]: "13", "BillingCountryCode": country})
    model.world.refresh()
    assert not model.world.owed
    place = [one.value for one in org.catalog.objects["account"].field(state[1]).picklist]
    model.switch_option(at=state, number=place.index("13"))
    model.refresh(minutes=20)
    model.hide_field(at=("Account", "BillingCountryCode"), moves=False)
    model.refresh(minutes=20)
    model.bring_back(moves=False, number=0)
    model.hide_field(at=state, moves=False)
    model.refresh(minutes=20)
    model.remove_option(at=state, number=place.index("13"), is_replaced=False)
    model.remove_option(at=state, number=place.index("13"), is_replaced=False)
    model.bring_back(moves=True, number=0)
    model.refresh(minutes=20)
    model.bring_back_option(number=0)
    model.refresh(minutes=20)
    assert not model.world.owed
    model.teardown()
