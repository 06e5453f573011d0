"""A tenant whose org changes on a large scale, and what people are told of it.

What does not belong here: the cases (``test_guard.py``), and the guard's own counting.
"""

from collections.abc import Iterable
from typing import Any

import pytest

from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.tenants.held_changes import MassChangeHeld, approve_held
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link

ACCOUNTS = 300
"""A fifth of them, the default limit, is above the floor of 50."""

CUSTOMERS = "{field: Type, op: in, value: [Customer, Partner]}"
MAPPING = (
    "{from: Industry, to: industry, label: 業種, type: text}",
    "{from: Memo__c, to: site, label: 拠点, type: text}",
    "{from: Parent.Name, to: parent, label: 親会社}",
)


def settings(mapping: Iterable[str] = MAPPING, conditions: str = CUSTOMERS, **more: str) -> str:
    """Accounts that meet the conditions, with these fields."""
    source = f"{{object: Account, conditions: [{conditions}]}}"
    return settings_of("guarded", source, mapping, **more)


def guarded(link: Link, *, accounts: int = ACCOUNTS, text: str | None = None) -> Tenant:
    """Linked, and synced once: every account is a customer with an industry and a site."""
    org = make_org(accounts=accounts, opportunities=0)
    values = {"Type": "Customer", "Industry": "Finance", "Memo__c": "本社", "ParentId": None}
    org.mass_update("Account", org.ids("Account"), values)
    tenant = link("guarded", org, text or settings())
    tenant.sync()
    tenant.assert_follows_org()
    tenant.later()
    return tenant


def update(tenant: Tenant, count: int, values: dict[str, Any], *, first: int = 0) -> list[str]:
    """Changes ``count`` accounts in the org, beginning with the ``first``; their ids."""
    ids = sorted(tenant.there.ids("Account"))[first : first + count]
    tenant.there.mass_update("Account", ids, values)
    tenant.later()
    return ids


def delete(tenant: Tenant, count: int, *, first: int = 0) -> list[str]:
    """Deletes ``count`` accounts in the org; their ids."""
    ids = sorted(tenant.there.ids("Account"))[first : first + count]
    tenant.there.delete("Account", *ids)
    tenant.later()
    return ids


def approve(tenant: Tenant) -> None:
    """What a person's approval stores; the next refresh applies it."""
    approve_held(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)


def store_of(tenant: Tenant) -> tuple[list[tuple[Any, ...]], ...]:
    """Everything in the company store, but for the catalog of options: read without the product."""
    return tuple(
        tenant.query(f"SELECT t::text FROM flyle.{table} t WHERE tenant_id = %s ORDER BY 1")  # noqa: S608
        for table in ("companies", "company_changes", "custom_fields", "rejected_records")
    )


def link_of(tenant: Tenant) -> tuple[str, list[dict[str, Any]]]:
    """State and attention."""
    [(state, attention)] = tenant.query(
        "SELECT state, attention FROM flyle.links WHERE tenant_id = %s"
    )
    return state, attention


def notices(tenant: Tenant) -> list[tuple[str, str]]:
    """Kind and body of what people were told after the first sync, the oldest first."""
    return tenant.query(
        "SELECT kind, body FROM flyle.notifications WHERE tenant_id = %s"
        " AND kind <> 'first_sync_done' ORDER BY notification_id"
    )


def last_sync(tenant: Tenant) -> tuple[str, str, int, int, int, str]:
    """Kind, state, figures and error of the newest sync."""
    found = tenant.query(
        "SELECT kind, state, created, changed, gone, error FROM flyle.syncs WHERE tenant_id = %s"
        " ORDER BY sync_id DESC LIMIT 1"
    )
    return found[0]


def hold(tenant: Tenant, kind: RefreshKind = "refresh") -> MassChangeHeld:
    """A refresh that is held, and has changed no company, no history and no option's field."""
    before = store_of(tenant)
    with pytest.raises(MassChangeHeld) as held:
        tenant.sync(kind=kind)
    assert store_of(tenant) == before
    assert link_of(tenant)[0] == "held"
    assert last_sync(tenant)[1:5] == ("held", 0, 0, 0)
    return held.value


def numbers(error: MassChangeHeld) -> list[tuple[str | None, int, int]]:
    """Field, lost and of each loss."""
    return [(one.field, one.lost, one.of) for one in error.change.losses]
