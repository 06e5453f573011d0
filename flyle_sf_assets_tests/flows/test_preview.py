"""A preview's exact figures are what applying the settings and syncing then really does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.changes import change_accounts, change_everything
from flyle_sf_assets_tests.flows.previews import (
    assert_came_true,
    counts,
    done,
    foretold,
)
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org, settings_of
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link

Change = Callable[[str], str]

ACCOUNT, OPPORTUNITY = demo_settings("acme"), demo_settings("globex")
NOTHING = {"created": 0, "changed": 0, "gone": 0, "blanked": 0, "options": 0}


def without(word: str) -> Change:
    """Takes the mappings away whose line holds the word."""
    return lambda text: "".join(
        line for line in text.splitlines(keepends=True) if not ("from: " in line and word in line)
    )


def mapped(mapping: str) -> Change:
    """Adds a mapping."""
    return lambda text: f"{text}  - {{{mapping}}}\n"


def only(condition: str) -> Change:
    """Adds a condition to settings that have none."""
    conditions = f"  conditions:\n    - {{{condition}}}\n"
    return lambda text: text.replace("mapping:\n", f"{conditions}mapping:\n", 1)


def replaced(old: str, new: str) -> Change:
    """Writes something else."""
    return lambda text: text.replace(old, new)


CHANGES: dict[str, Change] = {
    "new mapping": mapped("from: Phone, to: phone, label: 電話"),
    "new mapping of a parent": mapped(
        "from: Parent.Parent.Industry, to: group_industry, label: グループの業種"
    ),
    "new select": mapped("from: Rating, to: rating, label: 評価"),
    "new mapping that keeps": mapped("from: Fax, to: fax, label: FAX, when_blank: keep"),
    "removed mapping": without("to: employees"),
    "no lookups any more": without("Owner"),
    "conditions": only("field: NumberOfEmployees, op: ge, value: 100"),
    "conditions on a parent": only("field: Owner.Name, op: ne, value: 佐藤 花子"),
    "nothing matches": only("field: Name, op: eq, value: どこにもない"),
    "number as text": replaced("label: 売上, type: number", "label: 売上, type: text"),
    "picklist as text": replaced("label: 業種, type: single_select", "label: 業種, type: text"),
    "another source for a key": replaced("from: Website,", "from: Description,"),
    "blanks are kept no more": replaced(", when_blank: keep", ""),
    "another time zone": replaced("Asia/Tokyo", "America/Los_Angeles"),
    "a label": replaced("label: 従業員規模", "label: 従業員数"),
}


@pytest.mark.parametrize("base", ["Account", "Opportunity"])
def test_a_first_sync_creates_what_matches(acme: Tenant, globex: Tenant, base: str) -> None:
    tenant = acme if base == "Account" else globex
    said = assert_came_true(tenant, tenant.settings)
    assert said.created.count == said.matching > 0
    assert len(said.examples_of("created")) == 5


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_settings_does_what_was_foretold(acme: Tenant, change: Change) -> None:
    """An administrator who saves wants to know how many companies it touches, not roughly."""
    acme.sync()
    acme.later()
    changed = change(ACCOUNT)
    assert changed != ACCOUNT
    assert_came_true(acme, changed)


def test_unchanged_settings_on_an_unchanged_org_change_nothing(acme: Tenant) -> None:
    acme.sync()
    acme.later()
    said = foretold(acme, ACCOUNT)
    assert (counts(said), said.exact, said.examples, said.changes) == (NOTHING, True, (), ())
    check = check_idle(acme.installation, "acme", clock=acme.clock.now)
    assert check.is_idle
    assert said.cost.api_calls == check.api_calls == 1


def test_what_no_refresh_has_brought_yet_counts_as_well(acme: Tenant, globex: Tenant) -> None:
    """Records, parents, one-to-one objects, deletes and options changed since the last refresh."""
    for tenant, change in ((acme, change_accounts), (globex, change_everything)):
        tenant.sync()
        tenant.later()
        change(tenant.there)
        tenant.later()
        said = assert_came_true(tenant, tenant.settings)
        assert (said.created.count, said.options_added.count) == (1, 1)


def test_another_base_object_and_back_again(globex: Tenant) -> None:
    """The companies of the object before are unlinked; they return with their values."""
    of_accounts = ACCOUNT.replace("acme", "globex").replace("ACME", "GLOBEX")
    globex.sync()
    globex.later()
    said = assert_came_true(globex, of_accounts)
    assert (said.created.count, said.leaving.count) == (40, 97)
    globex.later()
    said = assert_came_true(globex, OPPORTUNITY)
    assert (said.returning.count, said.leaving.count) == (97, 40)
    globex.later()
    change_everything(globex.there)
    for account in globex.there.ids("Account")[-3:]:
        globex.there.delete("Account", account)
    globex.later()
    large = only("field: NumberOfEmployees, op: ge, value: 100")
    said = assert_came_true(globex, large(of_accounts))
    assert said.changed.count > said.returning.count > 0


def test_conditions_and_types_change_together_with_the_org(acme: Tenant) -> None:
    """Frozen rows follow a new type, and some of them are deleted meanwhile."""
    acme.sync()
    acme.later()
    assert_came_true(acme, only("field: NumberOfEmployees, op: ge, value: 100")(ACCOUNT))
    acme.later()
    change_accounts(acme.there)
    acme.later()
    as_text = CHANGES["picklist as text"](ACCOUNT)
    assert_came_true(acme, only("field: NumberOfEmployees, op: ge, value: 50")(as_text))
    acme.later()
    assert_came_true(acme, ACCOUNT)


def test_a_preview_changes_nothing(acme: Tenant) -> None:
    """Neither a row of any table, nor a sequence, nor a record file; so it can be asked at will."""
    acme.sync()
    acme.later()
    change_accounts(acme.there)
    acme.later()
    before = everything(acme)
    for change in CHANGES.values():
        foretold(acme, change(ACCOUNT))
    assert everything(acme) == before


def everything(tenant: Tenant) -> tuple[list[str], list[tuple[str, int]]]:
    """Every row of every table with the transaction that wrote it, and every file of the lake."""
    rows: list[str] = []
    with admin(tenant.installation.database_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'flyle' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            read = sql.SQL("SELECT t.xmin::text || t::text FROM {} t ORDER BY 1")
            found = connection.execute(read.format(sql.Identifier("flyle", str(table))))
            rows += [str(row) for row in found]
        found = connection.execute("SELECT * FROM pg_sequences WHERE schemaname = 'flyle'")
        rows += [str(row) for row in found]
    lake = Path(tenant.installation.environment.lake_url)
    files = [(str(f), f.stat().st_mtime_ns) for f in sorted(lake.rglob("*")) if f.is_file()]
    return rows, files


def test_more_records_than_a_sample_give_an_estimate_that_says_so(link: Link) -> None:
    """2,000 of 2,600 records are read for a new column; who comes and leaves stays exact."""
    org = make_org(samples.account_org, accounts=2_600, opportunities=0)
    before = settings_of("acme", "{object: Account}", ["{from: Name, to: title, label: 名}"])
    tenant = link("acme", org, before)
    tenant.sync()
    tenant.later()
    after = settings_of(
        "acme",
        "{object: Account, conditions: [{field: NumberOfEmployees, op: not_null}]}",
        [
            "{from: Name, to: title, label: 名}",
            "{from: Website, to: site, label: サイト, when_blank: keep}",
        ],
    )
    said = foretold(tenant, after)
    happened, _ = done(tenant, after)
    assert (said.created.count, said.leaving.count) == (happened["created"], happened["gone"])
    assert (said.created.exact, said.leaving.exact) == (True, True)
    assert (said.changed.exact, said.exact, said.sampled) == (False, False, 2_000)
    assert said.changed.count == pytest.approx(happened["changed"], rel=0.05)


def test_values_that_flyle_has_already_are_counted_as_overwritten(acme: Tenant) -> None:
    """A mapping that was taken away left its values; mapping its key again replaces them."""
    acme.sync()
    acme.later()
    acme.apply(without("to: owner,")(ACCOUNT))
    acme.sync()
    acme.later()
    again = mapped("from: Name, to: owner, label: 担当者")(without("to: owner,")(ACCOUNT))
    said = foretold(acme, again)
    held = sum(1 for c in acme.companies().values() if c.custom_fields.get("owner") is not None)
    assert (said.overwritten.count, said.overwritten.exact) == (held, True)
    [field] = [one for one in said.fields if one.overwritten.count]
    assert (field.key, field.overwritten.count) == ("owner", held)


def test_a_field_of_flyles_own_must_agree_in_type(acme: Tenant) -> None:
    with admin(acme.installation.database_url) as connection:
        connection.execute(
            "INSERT INTO flyle.custom_fields (tenant_id, key, label, type, active)"
            " VALUES ('acme', 'phone', '電話', 'number', true)"
        )
    with pytest.raises(SettingsInvalid) as refused:
        foretold(acme, CHANGES["new mapping"](ACCOUNT))
    found = [p for p in refused.value.problems if p.severity == "error"]
    assert [(p.code, p.path) for p in found] == [("existing_field_other_type", "mapping[24].type")]


def test_settings_that_the_org_does_not_allow_are_refused_with_every_problem(acme: Tenant) -> None:
    wrong = mapped("from: Nothing__c, to: a, label: A")(
        mapped("from: BillingAddress, to: b, label: B")(ACCOUNT)
    )
    with pytest.raises(SettingsInvalid) as refused:
        foretold(acme, wrong)
    errors = [p.code for p in refused.value.problems if p.severity == "error"]
    assert sorted(errors) == ["field_not_supported", "field_unknown"]
