"""What the demo shows of the companies it made."""

from flyle_sf_assets.store.companies.shown import fullest_companies, linked_names
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.store.companies.company_rows import rows, write


def test_the_companies_with_most_values_come_first(database: Database) -> None:
    """A blank is no value; those with equally many stand by their ids."""
    write(
        database,
        rows(
            {"id": "1", "fields": {"a": None, "b": None}, "hash": 1},
            {"id": "2", "name": "株式会社", "fields": {"a": 1, "b": False}, "hash": 2},
            {"id": "3", "fields": {"a": 1, "b": None}, "hash": 3},
            {"id": "4", "fields": {"a": "x", "b": "y"}, "status": "deleted", "hash": 4},
        ),
    )
    with database.tenant("acme") as tx:
        found = fullest_companies(tx, 2)
        everything = fullest_companies(tx, 9)
    assert [one.external_id for one in found] == ["2", "3"]
    assert (found[0].name, found[0].custom_fields) == ("株式会社", {"a": 1, "b": False})
    assert [one.external_id for one in everything] == ["2", "3", "1"]


def test_the_names_are_those_of_linked_companies_of_one_tenant(database: Database) -> None:
    write(
        database,
        rows(
            {"id": "1", "name": "Acme", "hash": 1},
            {"id": "2", "name": "Gone", "status": "deleted", "hash": 2},
        ),
    )
    with database.tenant("acme") as tx:
        assert linked_names(tx) == {"1": "Acme"}
    with database.tenant("globex") as tx:
        assert linked_names(tx) == {}
