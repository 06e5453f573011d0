"""The base object as something to choose: what is recommended, and what Opportunity means.

What does not belong here: the same warning about settings that were chosen (``check/fit.py``).
"""

from dataclasses import dataclass

from flyle_sf_assets.choosing.tree import Schemas
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import BaseObject


@dataclass(frozen=True, slots=True)
class BaseObjectChoice:
    """Account or Opportunity. ``external_id`` says which id becomes the company's external id.

    ``warning`` is what choosing it must say; ``why_not`` is set when the org does not show it.
    """

    name: BaseObject
    label: Text
    is_recommended: bool
    advice: Text
    external_id: Text
    warning: Text | None
    why_not: Text | None


def base_object_choices(schemas: Schemas) -> tuple[BaseObjectChoice, ...]:
    """Account first. ``schemas`` should hold both objects (None for one that is not shown)."""
    raise NotImplementedError
