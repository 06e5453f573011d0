"""What a change of the settings may take away, so that the guard does not hold it."""

import pytest

from flyle_sf_assets.check.settings_caused import settings_caused
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets_tests.check.small_org import mapped, settings_of

EXTRA = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "Info"}
PLAN = mapped("Account.Info.Plan__c", None, "plan")
BASE = [mapped("Amount", "number", "amount"), mapped("Account.Industry", None, "industry"), PLAN]
CUSTOMER = {"field": "Account.Type", "op": "eq", "value": "Customer"}


def asked(*mapping: dict[str, object], **source: object) -> TenantSettings:
    """Opportunity-based settings with one condition, unless they say otherwise."""
    given = {"object": "Opportunity", "one_to_one": [EXTRA], "conditions": [CUSTOMER]} | source
    return settings_of(**given, mapping=list(mapping) or BASE)


@pytest.mark.parametrize(
    ("after", "scope", "fields"),
    [
        (asked(), False, set()),
        (asked(conditions=[]), True, set()),
        (asked(conditions=[CUSTOMER | {"value": "Partner"}]), True, set()),
        (asked(object="Account"), True, set()),
        (asked(BASE[0], BASE[2]), False, set()),
        (asked(*BASE, mapped("CloseDate", to="closed")), False, {"closed"}),
        (asked(mapped("Amount", "text", "amount"), *BASE[1:]), False, {"amount"}),
        (asked(mapped("ExpectedRevenue", "number", "amount"), *BASE[1:]), False, {"amount"}),
        (asked(BASE[0] | {"when_blank": "keep"}, *BASE[1:]), False, {"amount"}),
        (asked(BASE[0] | {"label": "年商"}, *BASE[1:]), False, set()),
        (asked(one_to_one=[EXTRA | {"lookup": "Other__c"}]), True, {"plan"}),
    ],
)
def test_only_what_the_change_can_take_away(
    after: TenantSettings, *, scope: bool, fields: set[str]
) -> None:
    """Of the fields those whose values come from elsewhere now, or are treated in another way."""
    found = settings_caused(asked(), after)
    assert (found.scope, set(found.fields)) == (scope, fields)


@pytest.mark.parametrize(
    "more",
    [
        {"guard": {"max_gone": "1%", "max_blanked": "1%"}},
        {"time_zone": "UTC"},
        {"refresh": {"every": "1h"}},
        {"display_name": "別の名前"},
    ],
)
def test_what_takes_nothing_away_excuses_nothing(more: dict[str, object]) -> None:
    before = asked()
    after = TenantSettings.model_validate(
        before.model_dump(mode="json", by_alias=True, exclude_none=True) | more
    )
    found = settings_caused(before, after)
    assert (found.scope, found.fields) == (False, frozenset())
