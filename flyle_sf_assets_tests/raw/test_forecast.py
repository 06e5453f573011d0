"""The forecast of a refresh: calls as documented for REST pages, composite and Bulk."""

import pytest

from flyle_sf_assets.raw.forecast import BULK_CALLS, DatasetLoad, forecast, read_calls
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets_tests.check.small_org import described, mapped, settings_of

SETTINGS = settings_of(mapping=[mapped("Industry"), mapped("Owner.Email", to="mail")])
PLAN = plan(SETTINGS, described(SETTINGS))
HELD = DatasetLoad(is_held=True)


@pytest.mark.parametrize(
    ("rows", "calls"),
    [
        (0, 1),
        (2_000, 1),
        (2_001, 2),
        (5_000, 3),
        (5_001, BULK_CALLS + 1),
        (250_000, BULK_CALLS + 3),
    ],
)
def test_calls_follow_the_pages(rows: int, calls: int) -> None:
    assert read_calls(rows) == calls


def test_a_refresh_of_what_is_held_asks_each_asset_once() -> None:
    cost = forecast(PLAN, {"accounts": HELD, "related/User": HELD}, describe_calls=0)
    assert (cost.api_calls, cost.records) == (2, 0)


def test_a_whole_read_counts_first_and_parents_come_by_id() -> None:
    loads = {
        "accounts": DatasetLoad(is_held=False, whole=4_000),
        "related/User": DatasetLoad(is_held=False, by_id=(10_001,)),
    }
    cost = forecast(PLAN, loads, describe_calls=2)
    assert cost.api_calls == 2 + (1 + 2) + 2
    assert cost.records == 14_001


def test_more_records_take_longer() -> None:
    def seconds(rows: int) -> int:
        loads = {"accounts": DatasetLoad(is_held=False, whole=rows), "related/User": HELD}
        return forecast(PLAN, loads, describe_calls=0).seconds

    assert seconds(100) < seconds(10_000) < seconds(1_000_000) < 3_600
