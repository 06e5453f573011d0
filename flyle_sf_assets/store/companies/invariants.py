"""Rules that all companies obey after every commit, checked in the database.

In a tenant's transaction for that tenant, in a fleet transaction for all.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction

EXTERNAL_IDS_UNIQUE = "external_ids_unique"
OPTIONS_IN_CATALOG = "options_in_catalog"
EXAMPLES_MAX = 10
TWINS_MAX = 100
"""More companies of one record are not counted."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule: ``checked`` companies, of which ``failing`` violate it; ``examples`` are some."""

    name: str
    checked: int
    failing: int = 0
    examples: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no company violates the rule."""
        return self.failing == 0


def external_ids_unique(tx: Transaction) -> Gate:
    """One company per Salesforce record, for every spelling of its id.

    The first 15 characters name a record; the last three only repeat their upper and lower case.
    """
    checked = int(tx.execute("SELECT count(*) FROM companies").scalar_one())
    rows = tx.execute(
        "SELECT tenant_id, left(external_id, 15) AS record, count(*) - 1 AS too_many"
        " FROM companies GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2"
    ).all()
    return Gate(
        EXTERNAL_IDS_UNIQUE,
        checked,
        sum(int(row.too_many) for row in rows),
        tuple(f"{row.tenant_id}: {row.record}" for row in rows[:EXAMPLES_MAX]),
    )


def external_ids_of_companies_unique(tx: TenantTransaction, ids: pl.Series) -> Gate:
    """The same for the records of these external ids: those written just now.

    Another company of one of their records is found by its first 15 characters, whatever follows
    them. The range holds them all in every collation: three capitals or digits are before "zzzz".
    """
    rows = tx.execute(_TWINS, ids=ids.to_list(), limit=TWINS_MAX).all()
    return Gate(
        EXTERNAL_IDS_UNIQUE,
        ids.len(),
        sum(int(row.too_many) for row in rows),
        tuple(f"{tx.tenant_id}: {row.record}" for row in rows[:EXAMPLES_MAX]),
    )


# One look-up by the primary key per record; the limit prevents that it is planned as a join.
_TWINS = """
SELECT written.record, count(*) - 1 AS too_many
FROM (SELECT DISTINCT left(one.id, 15) AS record
    FROM unnest(CAST(:ids AS text[])) AS one (id)) AS written
CROSS JOIN LATERAL (
    SELECT FROM companies WHERE tenant_id = :tenant_id
        AND external_id BETWEEN written.record AND written.record || 'zzzz'
        AND left(external_id, 15) = written.record LIMIT :limit
) AS c
GROUP BY 1 HAVING count(*) > 1 ORDER BY 1
"""

_ALL = "companies c"

# One look-up by the primary key per id: a join would read all companies of the tenant.
# Materialized, or each is looked up once for every select field.
_OF_IDS = """
(WITH of_ids AS MATERIALIZED (
    SELECT held.* FROM unnest(CAST(:ids AS text[])) AS written (external_id)
    CROSS JOIN LATERAL (
        SELECT tenant_id, external_id, custom_fields FROM companies
        WHERE tenant_id = :tenant_id AND external_id = written.external_id LIMIT 1
    ) AS held
) SELECT * FROM of_ids) AS c
"""

_SELECTS = """
FROM {companies} JOIN custom_fields f USING (tenant_id)
WHERE f.active AND f.type IN ('single_select', 'multi_select')
"""

_VALUES = """
CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE jsonb_typeof(one.chosen)
        WHEN 'array' THEN one.chosen
        WHEN 'string' THEN jsonb_build_array(one.chosen)
        ELSE '[]' END) AS held (value)
WHERE held.value IS NOT NULL
"""

# A look-up by the primary key; LIMIT prevents that it is planned as a join, which without
# statistics read all options of a field for each value.
_NO_OPTION = """
(SELECT o.value FROM custom_field_options o WHERE o.tenant_id = {held}.tenant_id
    AND o.field_key = {held}.key AND o.value = {held}.value LIMIT 1) IS NULL
"""

# Distinct before it is taken apart: companies share the few values of a select field.
_UNKNOWN = f"""
SELECT count(*) FROM (SELECT DISTINCT one.tenant_id, one.key, held.value
    FROM (SELECT DISTINCT c.tenant_id, f.key, c.custom_fields -> f.key AS chosen {_SELECTS}) AS one
    {_VALUES}) AS met
WHERE {_NO_OPTION.format(held="met")}
"""

_FAILING = f"""
(SELECT one.tenant_id, one.external_id, one.key, held.value
    FROM (SELECT c.tenant_id, c.external_id, f.key, c.custom_fields -> f.key AS chosen {_SELECTS})
        AS one
    {_VALUES}) AS met
WHERE {_NO_OPTION.format(held="met")}
"""


def options_in_catalog(tx: Transaction) -> Gate:
    """Every value of a select field is an option of the catalog, in every company."""
    checked = tx.execute("SELECT count(*) FROM companies").scalar_one()
    return _options_in_catalog(tx, _ALL, int(checked))


def options_of_companies_in_catalog(tx: TenantTransaction, ids: pl.Series) -> Gate:
    """The same for the companies of these external ids: those written just now.

    Options are never deleted, so that the other companies still have theirs.
    """
    return _options_in_catalog(tx, _OF_IDS, ids.len(), ids=ids.to_list())


def _options_in_catalog(tx: Transaction, companies: str, checked: int, **chosen: object) -> Gate:
    unknown, failing = (text.format(companies=companies) for text in (_UNKNOWN, _FAILING))
    if not tx.execute(unknown, **chosen).scalar_one():
        return Gate(OPTIONS_IN_CATALOG, checked)
    count = tx.execute(
        f"SELECT count(DISTINCT (tenant_id, external_id)) FROM {failing}", **chosen
    ).scalar_one()
    rows = tx.execute(
        f"SELECT tenant_id, external_id, key FROM {failing} ORDER BY 1, 2, 3 LIMIT :limit",
        limit=EXAMPLES_MAX,
        **chosen,
    )
    return Gate(
        OPTIONS_IN_CATALOG,
        checked,
        int(count),
        tuple(f"{row.tenant_id}: {row.external_id} {row.key}" for row in rows),
    )
