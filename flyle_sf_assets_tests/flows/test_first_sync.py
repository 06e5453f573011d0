"""The first sync: every field of every company is what the org holds, by whichever way it came."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.standard import kinds
from flyle_sf_assets_tests.flows.oracle import Company
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link

Case = Callable[[Company], bool]


def _is(key: str, value: object) -> Case:
    return lambda company: key in company.custom_fields and company.custom_fields[key] == value


def _has(key: str) -> Case:
    return lambda company: company.custom_fields.get(key) is not None


AWKWARD_ACCOUNTS: dict[str, Case] = {
    "null": _is("revenue", None),
    "zero": _is("revenue", Decimal(0)),
    "emoji and newline in a name": lambda c: "😀" in c.name and "\n" in c.name,
    "quotes and comma in a name": lambda c: '"' in c.name and "," in c.name,
    "quotes, tab and CRLF in a text": lambda c: (
        '"四行目"\t' in str(c.custom_fields["memo"]) and "\r\n" in str(c.custom_fields["memo"])
    ),
    "Japanese beyond the basic plane": lambda c: "𠮷" in c.name,
    "18 digits": _is("exact_revenue", Decimal("1234567890123456.78")),
    "the largest 18 digits": _is("exact_revenue", Decimal("9999999999999999.99")),
    "below zero": _is("exact_revenue", Decimal("-0.01")),
    "several options, in the org's order": _is("regions", ["North", "West", "Overseas"]),
    "no options": _is("regions", None),
    "an option outside the list": _is("industry", "リスト外の業種"),
    "a picklist as text is its label": _is("account_type", "顧客"),
    "a state code that two countries have": lambda c: (
        (c.custom_fields["state"], c.custom_fields["state_code"]) == ("東京都", "13")
    ),
    "the same state code in the other country": lambda c: (
        (c.custom_fields["state"], c.custom_fields["state_code"]) == ("河北省", "13")
    ),
    "a day before 1970": _is("founded_on", "1923-09-01"),
    "a day of a distant century": _is("founded_on", "1700-01-01"),
    "a moment before 1970": _is("last_contact_at", "1969-12-31T23:59:59.000Z"),
    "its day in the tenant's zone": _is("last_contact_on", "1970-01-01"),
    "midnight in the tenant's zone": _is("last_contact_on", "2025-01-01"),
    "a second before midnight there": _is("last_contact_on", "2024-06-30"),
    "a time": _is("opens_at", "09:30:00"),
    "midnight": _is("opens_at", "00:00:00"),
    "a percentage": _is("score", Decimal("99.99")),
    "a formula": _is("customer_rank", "A"),
    "a ticked box": _is("strategic", value=True),
    "an empty box": _is("strategic", value=False),
    "a URL": _is("website", "https://example.jp/?q=%E6%97%A5%E6%9C%AC&x=1"),
    "blank is kept, so a new company appears without it": lambda c: (
        "employees" not in c.custom_fields
    ),
    "an owner's manager": _has("owner_manager"),
    "three levels up": _has("group_owner"),
    "a one-to-one object": _is("plan", "Enterprise"),
    "a decimal of the one-to-one object": _has("monthly_fee"),
    "no one-to-one object": _is("monthly_fee", None),
}

AWKWARD_DEALS: dict[str, Case] = {
    "null": _is("amount", None),
    "emoji, quotes and newline in a name": lambda c: (
        "🚀" in c.name and '"' in c.name and "\n" in c.name
    ),
    "18 digits": _is("amount", Decimal("1234567890123456.78")),
    "below zero": _is("amount", Decimal("-500.5")),
    "several options, in the org's order": _is("product_lines", ["Core", "AI"]),
    "an option outside the list": _is("phase", "旧フェーズ"),
    "an option that is not offered any more": _is("phase", "Id. Decision Makers"),
    "won": _is("won", value=True),
    "no parent": lambda c: (
        c.custom_fields["account"] is None and "employees" not in c.custom_fields
    ),
    "a parent's name with a newline": lambda c: "\n" in str(c.custom_fields["account"]),
    "a grandparent": _has("group"),
    "three levels up": _has("manager_mail"),
    "a custom lookup": _has("competitor"),
    "a one-to-one object of the parent": _has("plan"),
}


def _met(cases: dict[str, Case], companies: Iterable[Company]) -> set[str]:
    rows = list(companies)
    return {name for name, holds in cases.items() if any(holds(row) for row in rows)}


def test_every_field_of_an_account_based_tenant_equals_the_org(acme: Tenant) -> None:
    """Names broke at newlines, decimals at 15 digits, days at 1970: all of it is in the samples."""
    acme.sync()
    acme.assert_follows_org()
    assert acme.rejected() == []
    assert _met(AWKWARD_ACCOUNTS, acme.companies().values()) == AWKWARD_ACCOUNTS.keys()


def test_every_field_of_an_opportunity_based_tenant_equals_the_org(globex: Tenant) -> None:
    """Parents' values come through lookups, whichever of the conditions let the deal in."""
    deals = globex.there.ids("Opportunity")
    globex.there.update("Opportunity", deals[0], {"Competitor__c": globex.there.ids("Account")[0]})
    globex.later()
    globex.sync()
    globex.assert_follows_org()
    companies = globex.companies()
    assert globex.rejected() == []
    assert _met(AWKWARD_DEALS, companies.values()) == AWKWARD_DEALS.keys()
    lost = [r for r in globex.there.records("Opportunity") if r["StageName"] == "Closed Lost"]
    assert lost
    assert not companies.keys() & {str(record["Id"]) for record in lost}


ALLOWED: dict[str, tuple[str, ...]] = {
    "Customer_Number__c": ("text",),
    "Memo__c": ("text",),
    "Rich_Memo__c": ("text",),
    "Support_Email__c": ("text",),
    "Phone": ("text",),
    "Nickname__c": ("text",),
    "Id": ("text",),
    "OwnerId": ("text",),
    "Opens_At__c": ("text",),
    "Secret_Code__c": ("text",),
    "Website": ("url", "text"),
    "Industry": ("single_select", "text"),
    "Regions__c": ("multi_select", "text"),
    "Is_Strategic__c": ("checkbox", "text"),
    "NumberOfEmployees": ("number", "text"),
    "Serial__c": ("number", "text"),
    "Precise_Ratio__c": ("number", "text"),
    "Exact_Revenue__c": ("number", "text"),
    "Score__c": ("number", "text"),
    "Founded_On__c": ("date", "text"),
    "Last_Contact_At__c": ("datetime", "date", "text"),
    "Customer_Rank__c": ("text",),
    "Employees_Doubled__c": ("number", "text"),
    "Is_Large__c": ("checkbox", "text"),
    "Renewal_Month__c": ("date", "text"),
    "Open_Amount__c": ("number", "text"),
    "Won_Count__c": ("number", "text"),
}
"""The public table of types, by a field of each type; formulas and roll-ups at the end."""

TYPES = {
    "string", "textarea", "email", "phone", "combobox", "id", "reference", "time",
    "encryptedstring", "url", "picklist", "multipicklist", "boolean", "int", "long", "double",
    "currency", "percent", "date", "datetime",
}  # fmt: skip


def test_every_salesforce_type_arrives_as_every_type_that_it_may_become(link: Link) -> None:
    """New York is behind UTC, where the demo's Tokyo is ahead: days fall the other way."""
    org = make_org()
    nicknames = kinds.combobox("Nickname__c", "愛称", kinds.options("アクメ"))
    org.add_field("Account", nicknames)
    org.add_field("Account", kinds.long_integer("Serial__c", "通し番号"))
    values = {"Nickname__c": "候補にない愛称", "Serial__c": "123456789012345678"}
    org.update("Account", org.ids("Account")[0], values)
    fields = org.catalog.objects["account"]
    assert {fields.field(name).type for name in ALLOWED} == TYPES
    mapping = [
        f"{{from: {name}, to: {name.lower()}_{chosen}, label: {name}, type: {chosen}}}"
        for name, types in ALLOWED.items()
        for chosen in types
    ]
    mapping += [f"{{from: {name}, to: {name.lower()}, label: {name}}}" for name in ALLOWED]
    settings = settings_of("types", "{object: Account}", mapping, time_zone="America/New_York")
    tenant = link("types", org, settings)
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()
    assert tenant.rejected() == []
    companies = tenant.companies().values()
    for key in {key for company in companies for key in company.custom_fields}:
        assert any(company.custom_fields[key] is not None for company in companies), key


def test_options_are_those_that_describe_lists_and_those_that_records_hold(acme: Tenant) -> None:
    """Inactive ones included; a value outside the list is listed too, as inactive."""
    acme.sync()
    options = acme.options()
    assert options == acme.oracle.options(acme.companies())
    assert not options["contract_plan", "Legacy"].active
    assert not options["industry", "リスト外の業種"].active


def test_bulk_brings_the_same_bytes_as_rest(link: Link) -> None:
    """CSV cannot tell blank from empty and writes numbers and stamps in its own way."""
    _assert_same_bytes(link, make_org(), 0)


def test_a_large_org_is_read_by_bulk_and_gives_the_same_bytes(link: Link) -> None:
    """Beyond some thousand rows Bulk is what the product itself chooses."""
    _assert_same_bytes(link, make_org(samples.big_org, accounts=12_000, opportunities=0), None)


def _assert_same_bytes(link: Link, org: Org, bulk_above: int | None) -> None:
    """Two tenants on one org: one reads by REST alone, one by Bulk as told or as it chooses."""
    rows = {}
    for name, rows_max in (("rest", 10**9), ("bulk", bulk_above)):
        settings = demo_settings("acme").replace("tenant: acme", f"tenant: {name}")
        tenant = link(name, org, settings.replace("ACME_SF", f"{name.upper()}_SF"))
        tenant.rest_rows_max = rows_max
        tenant.sync()
        assert tenant.server.open_jobs(org) == 0
        assert (org.usage.by_kind["bulk_create"] > 0) == (name == "bulk")
        rows[name] = tenant.query(
            "SELECT external_id, name, custom_fields::text, status, status_reason, merged_into,"
            " source_object, source_modified_at FROM flyle.companies WHERE tenant_id = %s"
            " ORDER BY external_id"
        )
    assert len(rows["bulk"]) == len(org.ids("Account"))
    assert rows["bulk"] == rows["rest"]
