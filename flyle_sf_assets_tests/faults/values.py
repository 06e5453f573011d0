"""Values that break imports, by object and field: what the rules write into the org.

What does not belong here: which record gets which (``rules_*.py``).
"""

GOOD_URLS = ("https://a.example/x?y=1#z", "http://例え.jp:8080/パス", "www.acme.example")
BAD_URLS = ("javascript:alert(1)", "https://user:pw@a.example", "no address at all")
"""A web address that cannot be one: rejected, and the last good one stays."""

NAMES = (
    "株式会社アクメ 🏢",
    "O'Neil \\ Sons",
    'comma, "quotes" and\nnewline',
    "  spaces  ",
    "null",
    "=1+1;'--",
    "x" * 120,
    "N/A\ttab",
    "\u202eright to left",
    "e\u0301 and \u00e9",
)
TEXTS = (None, "", *NAMES, "長い" * 100, "a;b", "line\r\nline", "true", "0", '{"a": 1}')
AMOUNTS = (None, "0", "-0.01", "1234567890123456.78", "0.1", "5", "99999999999999.99", "100.10")
DATES = (None, "1869-05-04", "2024-02-29", "9999-12-31", "0001-01-01", "2026-03-01", "2025-01-31")
MOMENTS = (None, "2024-02-29T23:59:59Z", "2026-03-01T15:00:00Z", "1970-01-01T00:00:00Z")
INDUSTRIES = (None, "Technology", "Manufacturing", "Finance", "Space Mining", "O'Neil")
"""Two of them are outside of the list, which is not restricted."""

TYPES = (None, "Prospect", "Customer", "Partner", "Other")
PLANS = (None, "Free", "Standard", "Professional", "Enterprise")
COUNTRIES = (None, "JP", "CN", "US")
"""The state codes 11 and 13 have another label in each of two."""

ACCOUNT: dict[str, tuple[object, ...]] = {
    "Name": NAMES,
    "Phone": TEXTS[:8],
    "Website": (None, *GOOD_URLS, *BAD_URLS),
    "Industry": INDUSTRIES,
    "Type": TYPES,
    "BillingStateCode": (None, "13", "11", "CA", "27", "99"),
    "BillingCountryCode": COUNTRIES,
    "Regions__c": (None, "North;East", "West", "East;Moon", "South;West;North"),
    "Contract_Plan__c": PLANS,
    "NumberOfEmployees": (None, 5, 99, 100, 999, 1000, 99999999),
    "Exact_Revenue__c": AMOUNTS,
    "Precise_Ratio__c": (None, "12345678.0123456789", "-0.0000000001", "1", "0"),
    "Is_Strategic__c": (True, False),
    "Founded_On__c": DATES,
    "Last_Contact_At__c": MOMENTS,
    "Opens_At__c": (None, "09:30:00.000Z", "23:59:59.000Z", "00:00:00.000Z"),
    "Memo__c": TEXTS,
}
OPPORTUNITY: dict[str, tuple[object, ...]] = {
    "Name": NAMES,
    "StageName": ("Prospecting", "Proposal", "Closed Won", "Closed Lost", "Old Stage"),
    "Amount": AMOUNTS,
    "CloseDate": DATES[1:],
    "Product_Lines__c": (None, "Core", "AI;Core", "Support;Analytics"),
    "NextStep": TEXTS[:12],
}
CONTRACT_INFO: dict[str, tuple[object, ...]] = {
    "Plan__c": PLANS,
    "Seats__c": (None, 1, 99999999),
    "Monthly_Fee__c": AMOUNTS[:3],
    "Notes__c": TEXTS[:10],
}
USER: dict[str, tuple[object, ...]] = {
    "Name": NAMES[:6],
    "Department": (None, "Sales", "営業", "Support"),
    "Email": (None, "a@b.example", "c.d+e@f.example"),
}
GROUP: dict[str, tuple[object, ...]] = {"Name": NAMES[:4]}
SUPPLIER: dict[str, tuple[object, ...]] = {"Name": NAMES[:6]}
OF_OBJECT = {
    "Account": ACCOUNT,
    "Opportunity": OPPORTUNITY,
    "Contract_Info__c": CONTRACT_INFO,
    "User": USER,
    "Group": GROUP,
    "Supplier__x": SUPPLIER,
}
