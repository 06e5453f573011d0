"""The preview: what a refresh with draft settings would do, without changing anything.

Who comes and who leaves is asked of Salesforce by light queries of ids; what changes is told from
the records that are held, and for values that are not held from at most `SAMPLE_RECORDS_MAX`
records. What does not belong here: the figures' shape (``impact.py``).
"""

from collections.abc import Callable

from flyle_sf_assets.refresh.context import Clock, utc_now
from flyle_sf_assets.refresh.impact import Impact
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings.models import TenantSettings

SAMPLE_RECORDS_MAX = 2_000


def preview(
    installation: Installation,
    settings: TenantSettings,
    *,
    open_org: Callable[[], Org] | None = None,
    clock: Clock = utc_now,
) -> Impact:
    """What the next refresh would do if these settings stood; writes nothing anywhere.

    Raises SettingsInvalid when the org does not allow the settings, and what asking Salesforce
    raises (NotConnected, NotPermitted, Postponed).
    """
    raise NotImplementedError
