"""Settings judged against the small org."""

from collections.abc import Callable

import pytest

from flyle_sf_assets.check import fit
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.settings.wording import LineMap
from flyle_sf_assets_tests.check.small_org import described, settings_of

Judge = Callable[..., list[Problem]]


@pytest.fixture
def judge() -> Judge:
    """The problems that the small org has with settings."""

    def judged(
        *, hidden: tuple[str, ...] = (), lines: LineMap | None = None, **source: object
    ) -> list[Problem]:
        settings = settings_of(**source)
        schemas = described(settings, hidden=hidden)
        return list(fit.problems(settings, plan(settings, schemas), schemas, lines))

    return judged
