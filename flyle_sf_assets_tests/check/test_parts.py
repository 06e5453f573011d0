"""Digests per asset: a change makes stale what reads it, and nothing else."""

import pytest

from flyle_sf_assets.check.parts import (
    affected_assets,
    part_contents,
    part_digests,
    reaches_new_places,
)
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets_tests.check.small_org import mapped, settings_of

EXTRA = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "Info"}
BASE = [mapped("Amount", "number", "amount"), mapped("Account.Industry", None, "industry")]
DOWNSTREAM = ("flyle/enriched_records", "flyle/picklist_options", "flyle/companies")


def asked(*mapping: dict[str, object], **source: object) -> TenantSettings:
    """Opportunity-based settings, unless ``object`` says otherwise."""
    return settings_of(**({"object": "Opportunity"} | source), mapping=[*BASE, *mapping])


def changed(before: TenantSettings, after: TenantSettings) -> set[str]:
    """The parts whose digest differs."""
    old, new = part_digests(before), part_digests(after)
    return {part for part in new if old[part] != new[part]}


@pytest.mark.parametrize(
    ("after", "parts"),
    [
        (asked(), set()),
        (asked(mapped("CloseDate", to="c")), {"opportunities", "companies"}),
        (asked(mapped("Account.Name", to="c")), {"accounts", "companies"}),
        (asked(mapped("Account.Parent.Name", to="c")), {"accounts", "companies"}),
        (
            asked(mapped("Account.Owner.Name", to="c")),
            {"accounts", "related_records", "companies"},
        ),
        (asked(mapped("Owner.Name", to="c")), {"opportunities", "related_records", "companies"}),
        (asked(mapped("Account.Industry", "text", "twice")), {"companies"}),
        (asked(one_to_one=[EXTRA]), {"companies"}),
        (
            asked(mapped("Account.Info.Plan__c", to="c"), one_to_one=[EXTRA]),
            {"related_records", "companies"},
        ),
        (
            asked(conditions=[{"field": "Account.Type", "op": "eq", "value": "x"}]),
            {"opportunities"},
        ),
        (asked(object="Account"), {"accounts", "opportunities", "related_records", "companies"}),
    ],
)
def test_a_change_touches_the_parts_that_read_it(after: TenantSettings, parts: set[str]) -> None:
    """Told from the paths alone; conditions are asked together with the base object."""
    assert changed(asked(), after) == parts


def test_a_label_touches_only_options_and_companies() -> None:
    """Neither Salesforce nor the record files know labels; which fields are selects stands there.

    The options once counted as fresh here and as stale on Dagster's page, and stayed so.
    """
    mapping = asked().mapping
    renamed = mapping[0].model_copy(update={"label": "売上高"})
    after = asked().model_copy(update={"mapping": (renamed, *mapping[1:])})
    assert changed(asked(), after) == {"companies"}
    assert affected_assets(asked(), after) == ("flyle/picklist_options", "flyle/companies")


def test_the_time_zone_touches_only_the_companies() -> None:
    """It turns moments into days, late."""
    after = asked().model_copy(update={"time_zone": "UTC"})
    assert changed(asked(), after) == {"companies"}


def test_connection_and_intervals_touch_nothing() -> None:
    """A rotated key or another interval changes no row."""
    connection = asked().connection.model_copy(
        update={"org_url": "https://other.my.salesforce.com"}
    )
    after = asked().model_copy(update={"connection": connection, "display_name": "Other"})
    assert changed(asked(), after) == set()
    assert affected_assets(asked(), after) == ()


def test_order_touches_nothing() -> None:
    """Tidying up a file is no change."""
    after = asked().model_copy(update={"mapping": asked().mapping[::-1]})
    assert changed(asked(), after) == set()


def test_a_way_of_joining_belongs_to_the_asset_that_reads_the_joined_object() -> None:
    """Another lookup of the one-to-one object: accounts stay as they are."""
    before = asked(mapped("Account.Info.Plan__c", to="c"), one_to_one=[EXTRA])
    other = EXTRA | {"lookup": "Acc__c"}
    after = asked(mapped("Account.Info.Plan__c", to="c"), one_to_one=[other])
    assert changed(before, after) == {"related_records", "companies"}


def test_unused_raw_assets_have_an_empty_part() -> None:
    """Account-based settings never read opportunities: nothing about them may look stale."""
    settings = settings_of(mapping=[mapped("Industry")])
    assert part_contents(settings)["opportunities"] is None
    more = settings_of(mapping=[mapped("Industry"), mapped("Website", to="y")])
    assert changed(settings, more) == {"accounts", "companies"}


@pytest.mark.parametrize(
    ("after", "assets"),
    [
        (asked(mapped("Account.Name", to="c")), ("salesforce/accounts", *DOWNSTREAM)),
        (
            asked(mapped("Account.Owner.Name", to="c")),
            ("salesforce/accounts", "salesforce/related_records", *DOWNSTREAM),
        ),
        (asked(mapped("Amount", "text", "c")), ("flyle/picklist_options", "flyle/companies")),
        (asked(), ()),
    ],
)
def test_affected_assets_are_named_in_the_order_of_a_refresh(
    after: TenantSettings, assets: tuple[str, ...]
) -> None:
    """What must be materialized again, with everything downstream of it."""
    assert affected_assets(asked(), after) == assets


def test_a_new_tenant_affects_all_that_it_uses() -> None:
    """The first version."""
    assert affected_assets(None, settings_of(mapping=[mapped("Industry")])) == (
        "salesforce/accounts",
        *DOWNSTREAM,
    )


@pytest.mark.parametrize(
    ("after", "new"),
    [
        (asked(mapped("CloseDate", to="c")), "none"),
        (asked(mapped("Account.Name", to="c")), "none"),
        (asked(mapped("Owner.Name", to="c")), "some"),
        (asked(conditions=[{"field": "Owner.Name", "op": "eq", "value": "x"}]), "some"),
        (asked(conditions=[{"field": "Amount", "op": "gt", "value": "1"}]), "none"),
        (asked(one_to_one=[EXTRA]), "some"),
        (asked(object="Account"), "some"),
    ],
)
def test_new_places_of_the_lookup_tree_have_to_be_described(
    after: TenantSettings, new: str
) -> None:
    """The object behind a new lookup, conditions included, may never have been described."""
    assert reaches_new_places(asked(), after) is (new == "some")
    assert not reaches_new_places(after, after)
