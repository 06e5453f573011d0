"""What the environment says of an installation."""

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.installation.environment import Environment


@pytest.mark.parametrize(
    ("written", "seconds"), [(None, 900), ("", 900), ("30s", 30), ("20m", 1200), ("1h", 3600)]
)
def test_the_overlap_is_a_quarter_of_an_hour_unless_told(written: str | None, seconds: int) -> None:
    environment = {} if written is None else {"FLYLE_OVERLAP": written}
    assert Environment.from_environment({"FLYLE_HOME": "x", **environment}).overlap_s == seconds


@pytest.mark.parametrize(("written", "days"), [(None, 400), ("", 400), ("31", 31), ("3650", 3650)])
def test_history_is_kept_for_400_days_unless_told(written: str | None, days: int) -> None:
    environment = {} if written is None else {"FLYLE_HISTORY_DAYS": written}
    assert Environment.from_environment({"FLYLE_HOME": "x", **environment}).history_days == days


@pytest.mark.parametrize("written", ["0", "30", "-400", "400d", "1e3", "999999", "４００"])
def test_a_number_of_days_that_is_none_is_named(written: str) -> None:
    """One month is the least: partitions are months."""
    with pytest.raises(UsageError, match="FLYLE_HISTORY_DAYS") as raised:
        Environment.from_environment({"FLYLE_HISTORY_DAYS": written})
    assert written in raised.value.came_back.en


@pytest.mark.parametrize("written", ["0s", "15", "15 minutes", "-1m", "1d"])
@pytest.mark.parametrize("name", ["FLYLE_OVERLAP", "FLYLE_REFRESH_EVERY"])
def test_an_interval_that_is_none_is_named_with_its_variable(name: str, written: str) -> None:
    """Taken for the default, it would be believed to be in force."""
    with pytest.raises(UsageError, match=name) as raised:
        Environment.from_environment({name: written})
    assert written in raised.value.came_back.en
