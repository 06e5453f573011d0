"""A tenant's org as one refresh sees it: opened when it is needed, read up to one moment.

What does not belong here: how an org is opened (``installation/tenant_org.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.raw.questions import Window
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.store.syncs.api_usage import LimitReading


@dataclass
class OrgAccess:
    """The org that ``open_org`` logs in to, and the time that windows into it overlap by."""

    open_org: Callable[[], Org]
    overlap_s: int
    calls_before: int = 0
    """Calls of connections that were closed during the refresh."""

    @cached_property
    def opened(self) -> Org:
        """The org; logs in when a step first needs it."""
        return self.open_org()

    @property
    def api_calls(self) -> int:
        """Calls of this refresh that Salesforce counted, so far."""
        return self.calls_before + (self.opened.api_calls if "opened" in self.__dict__ else 0)

    @property
    def limit_reading(self) -> LimitReading | None:
        """The org's requests of 24 hours, as last reported; None before the first answer."""
        usage = self.opened.limit_usage if "opened" in self.__dict__ else None
        return None if usage is None else LimitReading(usage.used, usage.max)

    @cached_property
    def until(self) -> datetime:
        """The upper bound in time of everything this refresh reads, by Salesforce's clock."""
        return self.opened.server_now

    def window_after(self, watermark: datetime) -> Window:
        """What was stamped since a watermark, with the overlap."""
        return Window.after(watermark, self.until, self.overlap_s)

    def close(self) -> None:
        """Closes the connections to the org, if any."""
        if "opened" in self.__dict__:
            self.opened.close()

    def forget(self) -> None:
        """Closes the connections: the next step logs in again, with other settings."""
        self.calls_before = self.api_calls
        self.close()
        self.__dict__.pop("opened", None)
        self.__dict__.pop("until", None)
