"""Levels and fields of the small org, seen from either base object.

What does not belong here: the small org itself (``check/small_org.py``).
"""

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import Level, choice_at, level
from flyle_sf_assets.settings.models import OneToOne, Source
from flyle_sf_assets_tests.check.small_org import SCHEMAS

CONTRACT = OneToOne(
    object="Contract_Info__c", lookup="Account__c", of="Account", as_="ContractInfo"
)
OF_ACCOUNT = Source(object="Account", one_to_one=(CONTRACT,))
OF_OPPORTUNITY = Source(object="Opportunity", one_to_one=(CONTRACT,))


def opened(source: Source, *path: str) -> Level:
    """The level at a path that must be there."""
    found = level(source, SCHEMAS, path)
    assert isinstance(found, Level)
    return found


def field(source: Source, path: str) -> FieldChoice:
    """The field at a path that must be there."""
    found = choice_at(source, SCHEMAS, path)
    assert isinstance(found, FieldChoice)
    return found
