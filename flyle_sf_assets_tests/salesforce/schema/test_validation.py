"""Which describes cannot be true: each was taken, and ended later syncs with a crash for good."""

from dataclasses import replace

import pytest

from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema, PicklistValue
from flyle_sf_assets.salesforce.schema.validation import implausibility

ID = FieldSchema("Id", "Id", "id", length=18)
NAME = FieldSchema("Name", "Name", "string", length=255)
OWNER = FieldSchema(
    "OwnerId", "Owner", "reference", reference_to=("User",), relationship_name="Owner"
)
ACCOUNT = ObjectSchema(
    "Account", "Account", queryable=True, fields=(ID, NAME, OWNER), key_prefix="001"
)


def _with(**values: object) -> ObjectSchema:
    """The account with another owner field."""
    changed = replace(OWNER, **values)  # type: ignore[arg-type]  # a test's values
    return replace(ACCOUNT, fields=(ID, NAME, changed))


def _options(count: int) -> ObjectSchema:
    """The account with a picklist of this many options."""
    values = tuple(PicklistValue(f"v{n}", f"v{n}", active=True) for n in range(count))
    return _with(type="picklist", picklist_values=values)


WRONG = {
    "another object": replace(ACCOUNT, name="Case"),
    "no name": replace(ACCOUNT, name=""),
    "no fields": replace(ACCOUNT, fields=()),
    "no Id": replace(ACCOUNT, fields=(NAME, OWNER)),
    "Id is text": replace(ACCOUNT, fields=(replace(ID, type="string"), NAME)),
    "no Name": replace(ACCOUNT, fields=(ID, OWNER)),
    "not queryable": replace(ACCOUNT, queryable=False),
    "a field twice": replace(ACCOUNT, fields=(ID, NAME, OWNER, OWNER)),
    "a field in two cases": replace(ACCOUNT, fields=(ID, NAME, replace(NAME, name="NAME"))),
    "field name empty": _with(name=""),
    "field name SOQL": _with(name="Id FROM User --"),
    "field name of two lines": _with(name="A\nB"),
    "field name a path": _with(name="../x"),
    "field name long": _with(name="A" * 300),
    "type empty": _with(type=""),
    "type markup": _with(type="<b>"),
    "scale absurd": _with(scale=10**9, precision=10**9),
    "scale of all digits": _with(scale=38, precision=38),
    "scale negative": _with(scale=-1),
    "length negative": _with(length=-1),
    "length absurd": _with(length=2**62),
    "controller a path": _with(controller_name="/etc/passwd"),
    "relationship SOQL": _with(relationship_name="Owner.Name, Id"),
    "lookup to a path": _with(reference_to=("../x",)),
    "lookup to nothing named": _with(reference_to=("",)),
    "lookup to thousands": _with(reference_to=tuple(f"O{n}__c" for n in range(5_000))),
    "prefix SOQL": replace(ACCOUNT, key_prefix="%' "),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_describe_that_cannot_be_true_is_refused(name: str) -> None:
    what = implausibility(WRONG[name], "Account")
    assert what is not None
    assert "/etc" not in what.en


def test_options_by_the_hundred_thousand_are_refused() -> None:
    assert implausibility(_options(100_000), "Account") is not None


RIGHT = {
    "as it is": ACCOUNT,
    "no prefix": replace(ACCOUNT, key_prefix=None),
    "a type of a later release": _with(type="hologram"),
    "a lookup to nothing": _with(reference_to=()),
    "a managed field": _with(name="acme__Owner__c", relationship_name="acme__Owner__r"),
    "all digits": _with(type="double", precision=18, scale=17),
    "a long text": _with(type="textarea", length=131_072),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_describe_that_is_only_odd_is_taken(name: str) -> None:
    """A wrong refusal would stop a tenant."""
    assert implausibility(RIGHT[name], "account") is None


def test_an_old_picklist_that_never_lost_a_value_is_taken() -> None:
    assert implausibility(_options(20_000), "account") is None


def test_an_object_that_is_no_base_may_lack_a_name() -> None:
    schema = ObjectSchema("CaseHistory", "History", queryable=False, fields=(ID,))
    assert implausibility(schema, "CaseHistory") is None
