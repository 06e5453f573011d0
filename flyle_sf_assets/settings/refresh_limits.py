"""How often a tenant is refreshed, and what a refresh may change and use."""

from decimal import Decimal
from typing import Annotated

from flyle_sf_assets.settings.model_base import FrozenModel, described
from flyle_sf_assets.settings.patterns import Interval, Percent


class Refresh(FrozenModel):
    """How often: ``every`` as written (``3h``), between one hour and one day."""

    every: Annotated[Interval, described("更新の間隔(1h〜24h)。", "How often: 1h to 24h.")] = "3h"

    @property
    def every_s(self) -> int:
        """The interval in seconds."""
        return int(self.every.removesuffix("h")) * 3600


class Guard(FrozenModel):
    """Shares of the companies above which a run waits for approval."""

    max_gone: Annotated[
        Percent,
        described(
            "一度に連携の対象から外れてよい企業の割合。超えると承認まで保留します。",
            "The share of linked companies that may leave in one run; more are held.",
        ),
    ] = "20%"
    max_blanked: Annotated[
        Percent,
        described(
            "一度に空になってよい値の割合(項目ごと)。超えると承認まで保留します。",
            "The share of one field's values that may become blank in one run; more are held.",
        ),
    ] = "20%"


class ApiBudget(FrozenModel):
    """The share of the org's daily API requests that the link may use."""

    max_share: Annotated[
        Percent,
        described(
            "組織の1日のAPIリクエストのうち使ってよい割合。",
            "The share of the org's daily API requests that may be used.",
        ),
    ] = "20%"

    @property
    def share(self) -> Decimal:
        """``max_share`` from 0 to 1."""
        return Decimal(self.max_share.removesuffix("%")) / 100
