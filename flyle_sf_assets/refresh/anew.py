"""A describe in the middle of a refresh, and what the steps before it owe since then.

What does not belong here: when one is needed (``lifecycle.py``, ``steps/options.py``).
"""

from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.refresh.context import Refresh
from flyle_sf_assets.refresh.steps.records import is_read_as_planned, read_records
from flyle_sf_assets.refresh.steps.schemas import describe_objects


def describe_anew(refresh: Refresh) -> bool:
    """Asks for every schema at once; returns whether records had to be read again for it.

    A permission that came back behind a 304 widens the read plan while the refresh is under way:
    what was read before by the narrower plan is brought up to the wider one here.
    """
    describe_objects(refresh, is_forced=True)
    plan = refresh.plan()
    outgrown = [asset for asset in RAW_ASSETS if not is_read_as_planned(refresh, plan, asset)]
    for asset in outgrown:
        read_records(refresh, asset)
    return bool(outgrown)
