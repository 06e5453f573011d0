"""Standard fields that change without a new SystemModstamp and are not calculated in describe.

Describe's ``calculated`` marks formulas, roll-ups and cross-object values. Some standard fields
behave so without it; describe does not mark them, so they are listed here, each with its reason
and source. The list need not be complete: a census compares every other field as well
(`sweep.census_columns`); by the list a sweep finds them, and rescopes conditions on them.

Checked and not listed, because they follow the record's own stamp: ``ExpectedRevenue`` (Amount ×
Probability), ``Fiscal…`` (from CloseDate), ``IsClosed``, ``IsWon`` and ``ForecastCategory`` (from
StageName), ``HasOpportunityLineItem`` (adding a product changes the opportunity). An edit of the
stages or of the fiscal year may change them by metadata alone: the census finds that.

What does not belong here: custom fields (a formula says ``calculated``).
"""

from dataclasses import dataclass
from typing import Literal

ANY_OBJECT = "*"


@dataclass(frozen=True, slots=True)
class UnstampedField:
    """One field of one object (`ANY_OBJECT`: of all), why it changes alone, and the source.

    ``basis``: the source documents it, was recorded or reported from an org, or only describes
    the value's inputs, so that the rest is assumed.
    """

    object: str
    field: str
    why: str
    source: str
    basis: Literal["documented", "recorded", "assumed"]


_OF_ITS_USER = "who views the record moves it; each user has another value"
_VIEWS = 'SOAP API Developer Guide, "System Fields"'
_BY_DATES = "made of the current day and the contract's start and end date"
_OF_THE_CONTACT = "copied from the case's contact, whose stamp moves instead"
_CASE = 'Object Reference, "Case"'

UNSTAMPED_FIELDS = (
    UnstampedField(
        ANY_OBJECT,
        "LastActivityDate",
        "the latest due date among the record's activities, which have stamps of their own",
        'Object Reference, "Account", LastActivityDate',
        "documented",
    ),
    UnstampedField(ANY_OBJECT, "LastViewedDate", _OF_ITS_USER, _VIEWS, "documented"),
    UnstampedField(ANY_OBJECT, "LastReferencedDate", _OF_ITS_USER, _VIEWS, "documented"),
    UnstampedField(
        "Opportunity",
        "HasOpenActivity",
        "activities move it; calculated is false in every recorded describe",
        "describe of Opportunity in the recordings of SFDO-Tooling/CumulusCI",
        "recorded",
    ),
    UnstampedField(
        "Opportunity",
        "HasOverdueTask",
        "activities and the day move it; calculated is false in every recorded describe",
        "describe of Opportunity in the recordings of SFDO-Tooling/CumulusCI",
        "recorded",
    ),
    UnstampedField(
        "ContractLineItem", "Status", _BY_DATES, "estuary/connectors, pull request 3414", "recorded"
    ),
    UnstampedField("ServiceContract", "Status", _BY_DATES, "as ContractLineItem.Status", "assumed"),
    UnstampedField("Entitlement", "Status", _BY_DATES, "as ContractLineItem.Status", "assumed"),
    UnstampedField("Case", "ContactEmail", _OF_THE_CONTACT, _CASE, "assumed"),
    UnstampedField("Case", "ContactPhone", _OF_THE_CONTACT, _CASE, "assumed"),
    UnstampedField("Case", "ContactMobile", _OF_THE_CONTACT, _CASE, "assumed"),
    UnstampedField("Case", "ContactFax", _OF_THE_CONTACT, _CASE, "assumed"),
)

_NAMES = frozenset((one.object.lower(), one.field.lower()) for one in UNSTAMPED_FIELDS)


def is_listed(object_name: str, field_name: str) -> bool:
    """Whether the field of that object is one of `UNSTAMPED_FIELDS`; case is ignored."""
    name = field_name.lower()
    return (object_name.lower(), name) in _NAMES or (ANY_OBJECT, name) in _NAMES
