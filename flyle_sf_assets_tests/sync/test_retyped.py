"""When a mapping's type changes, every row that has a value of it is converted again."""

import json
from decimal import Decimal
from typing import Any

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link

NUMBER = "{from: NumberOfEmployees, to: size, label: 規模, type: number}"
TEXT = "{from: NumberOfEmployees, to: size, label: 規模, type: text}"
BESIDE = "{from: Description, to: note, label: メモ}"


def settings(size: str, source: str = "{object: Account}") -> str:
    return settings_of("acme", source, [size, BESIDE])


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """A synced tenant whose first three accounts are frozen: deleted, hidden, out of scope."""
    org = make_org(samples.account_org)
    scope = "{object: Account, conditions: [{field: Type, op: ne, value: Other}]}"
    made = link("acme", org, settings(NUMBER, scope))
    for place, account in enumerate(accounts(made)):
        values = {"NumberOfEmployees": Decimal(place + 10), "Type": "Customer"}
        org.update("Account", account, values)
    made.sync()
    first, second, third = accounts(made)[:3]
    org.update("Account", third, {"Type": "Other"})
    org.delete("Account", first)
    org.hide_record("Account", second)
    made.later()
    made.sync(kind="census")
    return made


def accounts(tenant: Tenant) -> list[str]:
    """The org's accounts, in a fixed order."""
    return sorted(str(record["Id"]) for record in tenant.there.records("Account"))


def values(tenant: Tenant) -> dict[str, Any]:
    """The value of ``size`` by company."""
    return {key: one.custom_fields.get("size") for key, one in tenant.companies().items()}


def changes(tenant: Tenant) -> list[tuple[Any, ...]]:
    return tenant.query(
        "SELECT external_id, old::text, new::text, reason FROM flyle.company_changes"
        " WHERE tenant_id = %s AND field = 'size' ORDER BY change_id"
    )


def custom_field(tenant: Tenant) -> Any:
    return tenant.query(
        "SELECT type FROM flyle.custom_fields WHERE tenant_id = %s AND key = 'size'"
    )[0][0]


def test_frozen_rows_are_converted_too(tenant: Tenant) -> None:
    """From the last raw value held, whatever froze them; nothing else of them moves."""
    before, rows = values(tenant), tenant.rows()
    statuses = {row.company.status for row in rows.values()}
    assert statuses == {"linked", "deleted", "missing", "out_of_scope"}
    tenant.later()
    tenant.apply(tenant.settings.replace("type: number", "type: text"))
    tenant.sync()
    assert custom_field(tenant) == "text"
    assert values(tenant) == {key: str(size) for key, size in before.items()}
    found = tenant.rows()
    assert {key: row.company.status for key, row in found.items()} == {
        key: row.company.status for key, row in rows.items()
    }
    assert all(found[key].updated_at > row.updated_at for key, row in rows.items())
    told = changes(tenant)
    assert {key for key, *_ in told} == set(rows)
    assert {reason for *_, reason in told} == {"type_changed"}
    assert all(json.loads(new) == old for _, old, new, _ in told)


def test_what_cannot_be_converted_becomes_null_and_stands_in_the_history(link: Link) -> None:
    org = make_org(samples.account_org)
    size = "{from: Description, to: size, label: 規模, type: text}"
    tenant = link("acme", org, settings(size))
    gone, alive = accounts(tenant)[:2]
    for account in (gone, alive):
        org.update("Account", account, {"Description": "a lot"})
    tenant.sync()
    org.delete("Account", gone)
    tenant.later()
    tenant.sync()
    tenant.apply(settings("{from: AnnualRevenue, to: size, label: 規模, type: number}"))
    tenant.later()
    tenant.sync()
    assert values(tenant)[gone] is None
    told = [one for one in changes(tenant) if one[0] == gone]
    assert told == [(gone, '"a lot"', "null", "type_changed")]


def test_a_field_that_is_hidden_keeps_type_and_values_until_it_can_be_read(
    tenant: Tenant,
) -> None:
    """A hidden field never blanks data, so neither does a new type that nobody can convert to."""
    before = values(tenant)
    linked = {k for k, row in tenant.companies().items() if row.status == "linked"}
    tenant.later()
    tenant.apply(tenant.settings.replace("type: number", "type: text"))
    tenant.sync(steps=[0])
    tenant.there.hide_field("Account", "NumberOfEmployees")
    tenant.later()
    tenant.sync()
    assert (custom_field(tenant), values(tenant)) == ("number", before)
    assert changes(tenant) == []
    tenant.there.permissions_move_last_modified = True
    tenant.there.show_field("Account", "NumberOfEmployees")
    tenant.later(7 * 3600)
    tenant.sync()
    assert custom_field(tenant) == "text"
    found = values(tenant)
    assert {k: found[k] for k in linked} == {k: str(before[k]) for k in linked}


def test_a_default_type_is_not_guessed_anew_while_the_field_is_hidden(link: Link) -> None:
    """Without ``type`` a hidden field looked like text, and its numbers stood under that type."""
    org = make_org(samples.account_org)
    tenant = link("acme", org, settings("{from: NumberOfEmployees, to: size, label: 規模}"))
    tenant.sync()
    before = values(tenant)
    org.permissions_move_last_modified = True
    org.hide_field("Account", "NumberOfEmployees")
    tenant.later(7 * 3600)
    tenant.sync()
    assert (custom_field(tenant), values(tenant)) == ("number", before)
    org.show_field("Account", "NumberOfEmployees")
    tenant.later(7 * 3600)
    tenant.sync()
    assert (custom_field(tenant), values(tenant)) == ("number", before)
    assert changes(tenant) == []


def test_rows_of_the_other_base_object_do_not_keep_values_of_the_old_type(link: Link) -> None:
    """Their records are not read any more: there is nothing to convert them from."""
    org = make_org(samples.opportunity_org)
    amount = "{from: Amount, to: size, label: 規模, type: number}"
    tenant = link("acme", org, settings(amount, "{object: Opportunity}"))
    tenant.sync()
    before = values(tenant)
    tenant.later()
    tenant.apply(settings(TEXT))
    tenant.sync()
    found = tenant.companies()
    old = {key: row for key, row in found.items() if key in before}
    assert {row.status for row in old.values()} == {"unlinked"}
    assert {row.custom_fields["size"] for row in old.values()} == {None}
    told = {key: json.loads(text, parse_float=Decimal) for key, text, _, _ in changes(tenant)}
    assert told == {key: size for key, size in before.items() if size is not None}
