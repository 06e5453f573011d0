"""The examples in docstrings that need the product's database."""

from flyle_sf_assets.store.companies.picklist_options import merge_options
from flyle_sf_assets.store.companies.upsert import upsert_companies
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.examples import run_examples
from flyle_sf_assets_tests.store.companies.company_rows import DAY_1


def test_examples_of_writing_for_one_tenant(database: Database) -> None:
    """In this order: the first finds no company yet."""
    run_examples(Database.tenant, database=database)
    run_examples(upsert_companies, database=database, now=DAY_1)
    run_examples(merge_options, database=database, now=DAY_1)
