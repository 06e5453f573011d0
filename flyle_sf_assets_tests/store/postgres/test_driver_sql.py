"""SQL for the driver is what SQLAlchemy's compiler would have made of it."""

import doctest

import pytest
import sqlalchemy as sa

from flyle_sf_assets.store.postgres import driver_sql as product

STATEMENTS = (
    "SELECT 1",
    "SELECT * FROM links WHERE tenant_id = :tenant_id AND state = :state",
    "SELECT :tenant_id, :tenant_id FROM links",
    "SELECT document::text FROM object_schemas WHERE checked_at > CAST(:now AS timestamptz)",
    "SELECT custom_fields -> 'a' ->> 'b' FROM companies WHERE name LIKE '%' || :text || '%'",
    "SELECT to_char(now(), 'HH24:MI:SS'), '12:30', 7 % 2",
    "SELECT parts[1:2] FROM unnest(CAST(:ids AS text[])) AS one (id)",
    "UPDATE links SET failures=:failures, state = coalesce(:state_1, state) WHERE id>=:id",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_is_sent_as_sqlalchemy_would_send_it(statement: str) -> None:
    compiled = sa.text(statement).compile(dialect=sa.create_engine("postgresql+psycopg://").dialect)
    assert product.driver_sql(statement) == str(compiled)


def test_the_example_is_true() -> None:
    assert doctest.testmod(product).failed == 0
    assert doctest.testmod(product).attempted
