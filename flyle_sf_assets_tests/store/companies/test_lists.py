"""Lists of companies in every order, and the companies of a sync: each once, page by page."""

from collections.abc import Iterator

import polars as pl
import pytest

from flyle_sf_assets.store.companies.search import (
    CompanyOrder,
    FoundCompany,
    get_company,
    search_companies,
)
from flyle_sf_assets.store.companies.sync_changes import ChangedCompany, companies_changed_by
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.store.companies.company_rows import DAY_1, DAY_2, DAY_3, rows, write

NAMES = ("乙", "甲", "Acme", "acme 2", "甲", "100%", "A_me")
COUNT = 40
DELETED = {"status": "deleted", "reason": "deleted_in_salesforce", "fields": None}


def _id(number: int) -> str:
    return f"001{number * 17 % 1_009:012d}AAA"


def _company(number: int, *, revenue: int = 1) -> dict[str, object]:
    name = NAMES[number % len(NAMES)]
    return {"id": _id(number), "name": name, "fields": {"revenue": revenue, "memo": None}}


def _frame(numbers: Iterator[int] | range, *, revenue: int = 1) -> pl.DataFrame:
    return rows(*(_company(number, revenue=revenue) for number in numbers))


@pytest.fixture
def stocked(database: Database, database_url: str) -> Database:
    """Names and moments that repeat; a quarter deleted; some changed by the second sync."""
    write(database, _frame(range(COUNT)), DAY_1, sync_id=1)
    write(database, _frame(range(0, COUNT, 3), revenue=2), DAY_2, sync_id=2)
    ended = rows(*(_company(n) | DELETED for n in range(0, COUNT, 4)))
    write(database, ended, DAY_3, sync_id=3)
    with admin(database_url) as connection:
        connection.execute(
            "INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, created_at,"
            " updated_at, status_changed_at) VALUES ('other', '001', 'Acme', 'Account', now(),"
            " now(), now())"
        )
    return database


def _all(
    database: Database, order: CompanyOrder, limit: int, status: str | None = None, text: str = ""
) -> list[FoundCompany]:
    found: list[FoundCompany] = []
    after = None
    while True:
        with database.tenant("acme") as tx:
            page = search_companies(tx, text, status=status, order=order, after=after, limit=limit)
        assert len(page.companies) <= limit
        found += page.companies
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("order", ["name", "-name", "updated", "-updated"])
@pytest.mark.parametrize("status", [None, "linked", "deleted", "merged"])
@pytest.mark.parametrize("text", ["", "acme", "_", "甲"])
def test_every_company_is_on_exactly_one_page(
    stocked: Database, order: CompanyOrder, status: str | None, text: str
) -> None:
    """The oracle sorts in Python; names and moments repeat, so ties are on page borders."""
    deleted = set(range(0, COUNT, 4))
    changed = set(range(0, COUNT, 3))
    expected = []
    for number in range(COUNT):
        state = "deleted" if number in deleted else "linked"
        at = DAY_3 if number in deleted else DAY_2 if number in changed else DAY_1
        name = NAMES[number % len(NAMES)]
        if status in (None, state) and text.lower() in name.lower():
            expected.append((name if order.endswith("name") else at, _id(number)))
    expected.sort(key=lambda key: (str(key[0]), key[1]), reverse=order.startswith("-"))
    for limit in (3, 7, COUNT + 1):
        found = _all(stocked, order, limit, status, text)
        shown = [
            (one.name if order.endswith("name") else one.updated_at, one.external_id)
            for one in found
        ]
        assert shown == expected


def test_a_list_has_the_values_with_exact_numbers(stocked: Database) -> None:
    with stocked.tenant("acme") as tx:
        page = search_companies(tx, limit=1)
        held = get_company(tx, page.companies[0].external_id)
    assert held is not None
    assert page.companies[0].custom_fields == held.custom_fields


@pytest.mark.parametrize("place", ["", "x", "2026-13-99", "9" * 400, "2026-04-02T00:00:00"])
def test_a_place_that_cannot_be_read_is_the_beginning(stocked: Database, place: str) -> None:
    """It comes from an address that anyone can type; one without a zone is UTC."""
    with stocked.tenant("acme") as tx:
        page = search_companies(tx, order="updated", after=(place, _id(0)), limit=COUNT)
    first = DAY_2 if place.startswith("2026-04") else DAY_1
    assert min(one.updated_at for one in page.companies) == first


def _changed(database: Database, sync_id: int, limit: int) -> list[ChangedCompany]:
    found: list[ChangedCompany] = []
    after = ""
    while True:
        with database.tenant("acme") as tx:
            page = companies_changed_by(tx, sync_id, after=after, limit=limit)
        assert len(page.companies) <= limit
        found += page.companies
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize("limit", [1, 4, COUNT])
def test_a_sync_lists_the_companies_that_it_changed_with_old_and_new(
    stocked: Database, limit: int
) -> None:
    """A creation is no change, and neither is what an earlier or a later sync did."""
    assert _changed(stocked, 1, limit) == []
    second = _changed(stocked, 2, limit)
    assert [one.external_id for one in second] == sorted(_id(n) for n in range(0, COUNT, 3))
    for one in second:
        assert [(c.field, c.old, c.new, c.sync_id) for c in one.changes] == [
            ("revenue", "1", "2", 2)
        ]
    third = _changed(stocked, 3, limit)
    assert [one.external_id for one in third] == sorted(_id(n) for n in range(0, COUNT, 4))
    for one in third:
        assert {(c.field, c.old, c.new) for c in one.changes} == {
            ("status", '"linked"', '"deleted"'),
            ("status_reason", None, '"deleted_in_salesforce"'),
        }
        assert one.status == "deleted"
    assert _changed(stocked, 4, limit) == []


def test_a_sync_of_another_tenant_shows_nothing(stocked: Database) -> None:
    with stocked.tenant("other") as tx:
        assert companies_changed_by(tx, 2).companies == ()
