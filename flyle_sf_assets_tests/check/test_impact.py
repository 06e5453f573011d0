"""What a change means before any run: which companies it can touch, and what is read again."""

from typing import Any

import pytest

from flyle_sf_assets.check.impact import ReadAgain, Touched, companies_touched, read_again
from flyle_sf_assets.settings.models import FlyleType, TenantSettings
from flyle_sf_assets_tests.check.small_org import SCHEMAS, mapped, settings_of

EXTRA = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "Info"}
BASE = [mapped("Amount", "number", "amount"), mapped("Account.Industry", None, "industry")]
CONDITIONS: list[dict[str, Any]] = [
    {"field": "StageName", "op": "in", "value": ["Proposal", "Closed Won"]},
    {"field": "Amount", "op": "gt", "value": "1"},
]


def asked(*mapping: dict[str, object], **source: object) -> TenantSettings:
    """Opportunity-based settings, unless ``object`` says otherwise."""
    return settings_of(**({"object": "Opportunity"} | source), mapping=[*BASE, *mapping])


def with_first(**changes: object) -> TenantSettings:
    """The first mapping with other words."""
    first, *rest = asked().mapping
    return asked().model_copy(update={"mapping": (first.model_copy(update=changes), *rest)})


@pytest.mark.parametrize(
    ("after", "touched"),
    [
        (asked(), Touched.NONE),
        (with_first(label="売上高"), Touched.NONE),
        (asked().model_copy(update={"mapping": asked().mapping[:1]}), Touched.NONE),
        (asked().model_copy(update={"display_name": "Other"}), Touched.NONE),
        (with_first(when_blank="keep"), Touched.LINKED),
        (with_first(from_="Probability"), Touched.LINKED),
        (asked(mapped("CloseDate", to="closes")), Touched.LINKED),
        (asked().model_copy(update={"time_zone": "UTC"}), Touched.LINKED),
        (asked(one_to_one=[EXTRA]), Touched.NONE),
        (with_first(type=FlyleType.TEXT), Touched.ALL),
        (asked(conditions=CONDITIONS), Touched.ALL),
        (asked(object="Account"), Touched.ALL),
    ],
)
def test_which_companies_a_change_can_touch(after: TenantSettings, touched: Touched) -> None:
    """A mapping taken away leaves its last values; of a new type frozen rows are converted too."""
    assert companies_touched(asked(), after) is touched


def test_a_first_version_touches_nobody() -> None:
    """There is nobody yet."""
    assert companies_touched(None, asked()) is Touched.NONE


def test_another_way_to_join_touches_who_is_joined() -> None:
    """Other records stand behind the same path."""
    before = asked(mapped("Account.Info.Plan__c", to="plan"), one_to_one=[EXTRA])
    other = asked(
        mapped("Account.Info.Plan__c", to="plan"), one_to_one=[EXTRA | {"lookup": "Acc__c"}]
    )
    assert companies_touched(before, other) is Touched.LINKED


@pytest.mark.parametrize(
    ("after", "reads"),
    [
        (asked(), ()),
        (with_first(label="売上高"), ()),
        (
            asked(mapped("CloseDate", to="c")),
            (ReadAgain("Opportunity", ("CloseDate",), whole=False),),
        ),
        (
            asked(mapped("Account.Owner.Email", to="c")),
            (
                ReadAgain("Account", ("OwnerId",), whole=False),
                ReadAgain("User", ("Email",), whole=True),
            ),
        ),
        (
            asked(conditions=CONDITIONS),
            (ReadAgain("Opportunity", ("AccountId", "Amount", "Name"), whole=True),),
        ),
        (asked(mapped("Nothing__c", to="c")), ()),
    ],
)
def test_what_is_read_again(after: TenantSettings, reads: tuple[ReadAgain, ...]) -> None:
    """New columns of what is held; everything only where the conditions or the object are new."""
    assert read_again(asked(), after, SCHEMAS) == reads


def test_conditions_in_another_order_read_nothing_again() -> None:
    """Nor do the values of one condition."""
    turned = [CONDITIONS[1], {**CONDITIONS[0], "value": ["Closed Won", "Proposal"]}]
    before, after = asked(conditions=CONDITIONS), asked(conditions=turned)
    assert read_again(before, after, SCHEMAS) == ()
    assert companies_touched(before, after) is Touched.NONE


def test_an_object_that_was_never_described_is_named_by_its_path() -> None:
    """`apply` asks no org: the first run will."""
    known = {name: schema for name, schema in SCHEMAS.items() if name != "User"}
    after = asked(mapped("Account.Owner.Email", to="mail"), mapped("Account.Owner.Name", to="n"))
    assert read_again(asked(), after, known) == (
        ReadAgain("Account", ("OwnerId",), whole=False),
        ReadAgain("Opportunity.Account.Owner", ("Email", "Name"), whole=False),
    )
