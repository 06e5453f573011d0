"""Owners that are users or groups, as the oracle knows them; and an org that has such owners.

What does not belong here: the oracle (``oracle.py``).
"""

from collections.abc import Mapping
from dataclasses import replace

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.clock import Clock
from flyle_sf_assets.sandbox.metadata import Catalog, Field, SObject
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.standard import kinds as k

SHARED = {"Group": ("Name", "Type"), "User": ("Name", "Email", "Title", "IsActive", "Username")}
"""What people see of an owner that may be a user or a group, by what it is."""

REGIONS = 6


def shared(object_name: str, record: Mapping[str, object], name: str) -> object:
    """A field of an owner; blank where owners of that kind have no such thing."""
    if object_name == "User" and name == "Type":
        return "User"
    return record[name] if name in SHARED[object_name] else None


def regional_org(*, clock: Clock | None = None) -> Org:
    """55 accounts in six regions, of which some belong to users and some to queues.

    Regions refer to suppliers in another system, of which there is no stamp, and to offices, whose
    stamp cannot be filtered.
    """
    org = samples.account_org(accounts=55, clock=clock)
    changed = with_regions(org.catalog)
    for name in ("Supplier__x", "Office__c", "Region__c"):
        org.add_object(changed.objects[name.lower()])
    org.add_field("Account", changed.objects["account"].field("Region__c"))
    queues = [add_queue(org, f"窓口 {place}") for place in range(2)]
    owners = [*queues, *org.ids("User")[:2]]
    suppliers = [org.insert("Supplier__x", {"Name": f"仕入先 {n}", "Rank__c": n}) for n in range(3)]
    offices = [org.insert("Office__c", {"Name": f"支店 {n}"}) for n in range(2)]
    for place in range(REGIONS):
        org.insert(
            "Region__c",
            {
                "Name": f"地域 {place}",
                "OwnerId": owners[place % 4],
                "Supplier__c": suppliers[place % 3],
                "Office__c": offices[place % 2],
            },
        )
    regions = org.ids("Region__c")
    for place, account in enumerate(org.ids("Account")):
        region = regions[place % REGIONS] if place % 9 else None
        org.update("Account", account, {"Region__c": region})
    return org


def add_queue(org: Org, name: str) -> str:
    """A group that may own custom records."""
    return org.insert("Group", {"Name": name, "Type": "Queue"})


def group_owned(org: Org) -> list[str]:
    """The accounts whose region belongs to a group."""
    groups = set(org.ids("Group"))
    regions = {r["Id"] for r in org.records("Region__c") if r["OwnerId"] in groups}
    return [str(a["Id"]) for a in org.records("Account") if a["Region__c"] in regions]


def with_regions(catalog: Catalog) -> Catalog:
    """The catalog with regions, offices and suppliers, and a lookup from Account to its region."""
    name = k.text("Name", "名前", 80, nillable=False, name_field=True)
    own = k.system_fields(owner=())
    supplier = (own[0], name, k.number("Rank__c", "順位"))
    office = tuple(_unfilterable(f) if f.name == "SystemModstamp" else f for f in own)
    region = (
        *k.system_fields(owner=("Group", "User")),
        name,
        k.lookup("Supplier__c", "仕入先", "Supplier__x", "Supplier__r"),
        k.lookup("Office__c", "支店", "Office__c", "Office__r"),
    )
    lookup = k.lookup("Region__c", "地域", "Region__c", "Region__r", children="Accounts__r")
    return (
        catalog.with_object(
            SObject("Supplier__x", "仕入先", "仕入先", "x01", supplier, undeletable=False)
        )
        .with_object(SObject("Office__c", "支店", "支店", "a0B", (*office, name)))
        .with_object(SObject("Region__c", "地域", "地域", "a0A", region))
        .with_object(catalog.objects["account"].with_field(lookup))
    )


def _unfilterable(field: Field) -> Field:
    return replace(field, filterable=False)
