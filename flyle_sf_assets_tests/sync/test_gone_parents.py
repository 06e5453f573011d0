"""A parent that is deleted or no longer visible blanks nothing silently."""

from typing import Any

from flyle_sf_assets_tests.flows.tenants import Tenant


def reasons(tenant: Tenant) -> set[tuple[Any, ...]]:
    """(field, new value, reason) of every change so far."""
    return set(
        tenant.query(
            "SELECT field, new, reason FROM flyle.company_changes WHERE tenant_id = %s"
            " AND NOT of_row"
        )
    )


def looked_up(tenant: Tenant, path: str) -> str:
    """The Id of some parent that a company has at this path."""
    records = tenant.there.records("Opportunity")
    found = (tenant.oracle.value(record, path) for record in records)
    return next(str(one) for one in found if one is not None)


def deals_with_a_rival(tenant: Tenant) -> tuple[str, list[str]]:
    """A new account that is the competitor in three deals, and these deals."""
    rival = tenant.there.insert("Account", {"Name": "Rival"})
    deals = sorted(str(record["Id"]) for record in tenant.there.records("Opportunity"))[:3]
    for deal in deals:
        tenant.there.update("Opportunity", deal, {"Competitor__c": rival, "StageName": "Proposal"})
    return rival, deals


def test_a_deleted_parent_is_named_at_what_it_blanked(globex: Tenant) -> None:
    """The org clears the lookup without moving the child's stamp."""
    rival, deals = deals_with_a_rival(globex)
    globex.sync()
    globex.there.delete("Account", rival)
    globex.later()
    globex.sync()
    assert reasons(globex) == {("competitor", None, "parent_deleted:Competitor__r")}
    assert {globex.companies()[deal].custom_fields["competitor"] for deal in deals} == {None}
    moved = globex.rows()
    globex.later()
    globex.sync(kind="census")
    assert globex.rows() == moved, "saying why is no change of the company"


def test_a_child_read_again_after_its_parent_went_still_names_it(globex: Tenant) -> None:
    """Both came in one window: nothing in the child says what it once looked up."""
    rival, deals = deals_with_a_rival(globex)
    globex.sync()
    globex.there.delete("Account", rival)
    for deal in deals:
        globex.there.update("Opportunity", deal, {"NextStep": "call again"})
    globex.later()
    globex.sync()
    assert reasons(globex) == {
        ("competitor", None, "parent_deleted:Competitor__r"),
        ("next_step", "call again", None),
    }


def test_a_parent_that_is_not_visible_any_more_is_told_as_missing(globex: Tenant) -> None:
    """Losing sharing looks like a delete; only a census sees it."""
    globex.sync()
    account = looked_up(globex, "Account.Id")
    globex.there.hide_record("Account", account)
    globex.later()
    globex.sync(kind="census")
    told = {one for one in reasons(globex) if one[1] is None}
    assert ("account", None, "parent_missing:Account") in told
    assert ("account_owner", None, "parent_missing:Account") in told, "the topmost is named"
    assert all(reason and reason.startswith("parent_missing:") for _, _, reason in told)


def test_a_lookup_that_somebody_emptied_has_no_reason(globex: Tenant) -> None:
    _, deals = deals_with_a_rival(globex)
    globex.sync()
    globex.there.update("Opportunity", deals[0], {"Competitor__c": None})
    globex.later()
    globex.sync()
    assert reasons(globex) == {("competitor", None, None)}
