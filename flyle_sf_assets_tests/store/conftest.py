"""PostgreSQL for the store's tests."""

from flyle_sf_assets_tests.postgres import database, database_url, module_database

__all__ = ["database", "database_url", "module_database"]
