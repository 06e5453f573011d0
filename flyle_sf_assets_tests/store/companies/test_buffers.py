"""No statement's cost depends on statistics: buffers a row, on databases that were not analysed.

A first load of 100,000 companies once cost 39 CPU seconds: until the first ANALYZE the planner
took an index for the look-ups by id that it had to walk from end to end for each. On a table that
had been analysed while it was empty it would have read the whole table for each.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl
import pytest
from psycopg import sql

from flyle_sf_assets.store.companies.counts import companies_of, count_rejected, linked_companies
from flyle_sf_assets.store.companies.custom_fields import CustomField, put_fields
from flyle_sf_assets.store.companies.dry_run import company_states, compare_companies
from flyle_sf_assets.store.companies.history import company_history, company_name
from flyle_sf_assets.store.companies.invariants import (
    external_ids_of_companies_unique,
    external_ids_unique,
    options_in_catalog,
    options_of_companies_in_catalog,
)
from flyle_sf_assets.store.companies.mass_changes import (
    ChangeSet,
    count_losses,
    loss_examples,
    values_before,
)
from flyle_sf_assets.store.companies.picklist_options import (
    list_options,
    merge_options,
    option_labels,
)
from flyle_sf_assets.store.companies.rejected_values import merge_rejected
from flyle_sf_assets.store.companies.search import (
    PAGE_ROWS,
    CompanyOrder,
    get_company,
    search_companies,
)
from flyle_sf_assets.store.companies.sync_changes import companies_changed_by
from flyle_sf_assets.store.companies.type_changes import (
    blank_unconverted,
    count_unconverted,
)
from flyle_sf_assets.store.companies.upsert import (
    Conversion,
    rename_unlinked,
    unlink_companies,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.syncs import latest_syncs, open_sync, sync_of_run
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened
from flyle_sf_assets_tests.store.companies.buffers import Meter, metered
from flyle_sf_assets_tests.store.companies.company_rows import DAY_1, DAY_2, DAY_3, DAY_4, rows
from flyle_sf_assets_tests.store.companies.rollback_steps import resume, roll_back

FEW, MANY = 1_000, 4_000
GROWTH_MAX = 5.0
"""Of four times the rows: a quarter on top, for deeper indexes."""

SECONDS_GROWTH_MAX = 10.0
"""Of four times the rows: comparing each with each, which no buffer shows, takes 16."""

LOAD_S = 2.0
"""What other processes of the machine may add to a step."""

CHOICE = 3
"""Buffers a row by which the plan for many rows may differ from that for few."""

BUFFERS_A_ROW = 10
"""For each row that a statement looks up or writes: a place in three indexes of three levels."""

PREPARED_AFTER = 12
"""psycopg prepares what it runs for the sixth time; PostgreSQL keeps its plan after five more."""

OTHERS = """
INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, created_at, updated_at,
    status_changed_at)
SELECT tenant, 'z' || n, 'Other ' || n, 'Account', now(), now(), now()
FROM generate_series(1, 3000) AS n CROSS JOIN (VALUES ('aaa'), ('zzz')) AS other (tenant);
INSERT INTO flyle.rejected_records (tenant_id, external_id, field, reason, remedy, first_seen_at,
    last_seen_at)
SELECT tenant, 'z' || n, 'f', 'r', '', now(), now()
FROM generate_series(1, 3000) AS n CROSS JOIN (VALUES ('aaa'), ('zzz')) AS other (tenant);
INSERT INTO flyle.company_changes (tenant_id, external_id, field, sync_id, changed_at)
SELECT tenant, 'z' || n, 'f', n, now()
FROM generate_series(1, 3000) AS n CROSS JOIN (VALUES ('aaa'), ('zzz')) AS other (tenant);
INSERT INTO flyle.syncs (tenant_id, kind, started_at, dagster_run_id)
SELECT tenant, 'refresh', now(), 'run-' || n
FROM generate_series(1, 3000) AS n CROSS JOIN (VALUES ('aaa'), ('zzz')) AS other (tenant);
"""

STANDS = {
    "new": "",
    "never analysed, with other tenants": OTHERS,
    "analysed when it was empty": "VACUUM ANALYZE",
    "analysed with a few rows": OTHERS.replace("3000", "3") + "VACUUM ANALYZE",
}
"""What stands in the database, by how much the planner knows of it."""


@dataclass(frozen=True)
class Site:
    """A database whose planner stays as ignorant as it is, and how many rows to work with."""

    database: Database
    count: int

    @property
    def ids(self) -> list[str]:
        """The ids of the tenant's companies, in an order that is not that of their names."""
        return [f"001{n * 7919 % 1_000_003:012d}AAA" for n in range(self.count)]

    def rows(
        self, *, hash_: int = 1, stamp: datetime = DAY_1, revenue: float = 12.5
    ) -> pl.DataFrame:
        """One linked company for each id."""
        same = {
            "fields": {"revenue": revenue, "industry": "Banking"},
            "hash": hash_,
            "stamp": stamp,
        }
        return rows(*({"id": one, "name": f"Company {one}"} | same for one in self.ids))

    @property
    def judged(self) -> pl.Series:
        """The ids as a series."""
        return pl.Series("external_id", self.ids)

    def measured(self, run: "Run") -> Meter:
        """The meter of one transaction of tenant acme."""
        with self.database.tenant("acme") as tx, metered(tx) as meter:
            run(tx, self)
        return meter


@contextmanager
def site(stand: str, count: int) -> Iterator[Site]:
    """A fresh database in that state, which nobody analyses any more."""
    with fresh_database_url() as url, opened(url) as database:
        with admin(url) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'flyle'::regnamespace"
                " AND relkind = 'r'"
            ).fetchall()
            for (name,) in tables:
                connection.execute(
                    sql.SQL("ALTER TABLE flyle.{} SET (autovacuum_enabled = false)").format(
                        sql.Identifier(str(name))
                    )
                )
            for statement in STANDS[stand].split(";"):
                connection.execute(statement.encode())
        yield Site(database, count)


def sync(
    tx: TenantTransaction,
    frame: pl.DataFrame,
    *,
    sync_id: int = 1,
    retyped: frozenset[str] = frozenset(),
    compare_all: bool = False,
) -> None:
    """One upsert as a refresh makes it."""
    upsert_companies(
        tx,
        frame,
        source_object="Account",
        sync_id=sync_id,
        now=DAY_2,
        conversion=Conversion(retyped=retyped),
        compare_all=compare_all,
    )


def preview(tx: TenantTransaction, frame: pl.DataFrame) -> None:
    """What a preview compares."""
    compare_companies(tx, frame, source_object="Account", conversion=Conversion())


def rejected(site: Site) -> pl.DataFrame:
    """One rejected value a company."""
    return pl.DataFrame({"external_id": site.ids}).with_columns(
        field=pl.lit("revenue"), value=pl.lit("x"), reason=pl.lit("r"), remedy=pl.lit("m")
    )


def options(site: Site, label: str) -> pl.DataFrame:
    """One option a company, and the one that the companies hold."""
    return pl.DataFrame({"value": ["Banking", *site.ids]}).with_columns(
        field_key=pl.lit("industry"),
        label=pl.lit(label),
        position=pl.int_range(pl.len(), dtype=pl.Int32),
        active=pl.lit(value=True),
        described=pl.lit(value=True),
    )


def deleted(site: Site) -> pl.DataFrame:
    """Every company deleted in Salesforce."""
    return site.rows().with_columns(
        status=pl.lit("deleted"),
        status_reason=pl.lit("deleted_in_salesforce"),
        custom_fields=pl.lit(None, pl.String),
    )


def losses(tx: TenantTransaction, sync_id: int, *, enough: int | None = None) -> int:
    """What the mass-change guard asks about a sync, and the values of one field before it."""
    changes = ChangeSet(sync_id, DAY_2)
    count_losses(tx, changes)
    loss_examples(tx, changes, [None, "revenue"])
    return values_before(tx, changes, "revenue", enough=enough)


FIELDS = [
    CustomField("revenue", "売上", "number", "AnnualRevenue"),
    CustomField("industry", "業種", "single_select", "Industry"),
]
LEFT = "disconnected"
RETYPED = frozenset({"revenue"})
Run = Callable[[TenantTransaction, Site], object]
Step = tuple[str, int, Run]
"""Its name, the rows that its busiest statement writes for each company, and what it does."""

LIFE: tuple[Step, ...] = (
    ("first load", 1, lambda tx, at: sync(tx, at.rows())),
    ("options", 1, lambda tx, at: merge_options(tx, options(at, "a"), DAY_1)),
    ("fields", 0, lambda tx, _: put_fields(tx, FIELDS, DAY_1)),
    ("nothing new", 0, lambda tx, at: sync(tx, at.rows())),
    ("touched", 1, lambda tx, at: sync(tx, at.rows(stamp=DAY_2))),
    ("preview", 0, lambda tx, at: preview(tx, at.rows(hash_=2, revenue=1))),
    ("changed", 1, lambda tx, at: sync(tx, at.rows(hash_=2, revenue=1), sync_id=2)),
    ("losses", 0, lambda tx, _: losses(tx, 2)),
    ("losses of none", 0, lambda tx, _: losses(tx, 9)),
    ("rollback", 2, lambda tx, _: roll_back(tx, 2, rollback_sync_id=8)),
    ("kept", 2, lambda tx, at: sync(tx, at.rows(hash_=2, revenue=1), compare_all=True)),
    ("resumed", 2, lambda tx, _: resume(tx, 2, rollback_sync_id=9)),
    ("gate of ids", 0, lambda tx, _: external_ids_unique(tx)),
    ("gate of ids of some", 0, lambda tx, at: external_ids_of_companies_unique(tx, at.judged)),
    ("gate of options of some", 0, lambda tx, at: options_of_companies_in_catalog(tx, at.judged)),
    ("gate of options", 0, lambda tx, _: options_in_catalog(tx)),
    ("census", 0, lambda tx, at: sync(tx, at.rows(hash_=2, revenue=1), compare_all=True)),
    ("rejected", 1, lambda tx, at: merge_rejected(tx, rejected(at), DAY_1, scope=at.judged)),
    ("rejected again", 1, lambda tx, at: merge_rejected(tx, rejected(at), DAY_2, scope=at.judged)),
    ("counted", 0, lambda tx, _: (companies_of(tx), count_rejected(tx))),
    ("resolved", 1, lambda tx, at: merge_rejected(tx, rejected(at)[::2], DAY_3, scope=at.judged)),
    ("options again", 1, lambda tx, at: merge_options(tx, options(at, "b"), DAY_2)),
    ("options gone", 1, lambda tx, at: merge_options(tx, options(at, "b")[:1], DAY_3)),
    ("options read", 0, lambda tx, _: (list_options(tx), option_labels(tx))),
    ("deleted", 2, lambda tx, at: sync(tx, deleted(at))),
    ("losses of all", 0, lambda tx, _: losses(tx, 1)),
    ("back", 3, lambda tx, at: sync(tx, at.rows(), retyped=RETYPED, compare_all=True)),
    ("unconverted", 0, lambda tx, at: count_unconverted(tx, RETYPED, converted=at.judged[::2])),
    (
        "blanked",
        2,
        lambda tx, at: blank_unconverted(
            tx, RETYPED, converted=at.judged[::2], sync_id=3, now=DAY_4
        ),
    ),
    ("states", 0, lambda tx, _: (company_states(tx), linked_companies(tx))),
    ("searched", 0, lambda tx, _: search_companies(tx, "nothing of that")),
    ("unlinked", 3, lambda tx, _: unlink_companies(tx, reason=LEFT, sync_id=4, now=DAY_4)),
    ("renamed", 2, lambda tx, _: rename_unlinked(tx, former=LEFT, reason="org_changed", now=DAY_4)),
)
"""Everything that is done to all companies of a tenant, one transaction after the other."""


@pytest.mark.parametrize("stand", STANDS)
def test_every_statement_over_all_rows_is_linear(stand: str) -> None:
    """As the product issues them, one after the other: a tenant's whole life."""
    with site(stand, FEW) as small, site(stand, MANY) as big:
        found = []
        for name, writes, run in LIFE:
            few, many = small.measured(run), big.measured(run)
            if many.worst.total > BUFFERS_A_ROW * (1 + writes) * MANY:
                found.append(f"{name}: {many.worst.total / MANY:.0f} a row: {many.worst}")
            if many.total > GROWTH_MAX * few.total + CHOICE * MANY:
                found.append(f"{name}: {few.total} buffers became {many.total}: {many.worst}")
            if many.seconds > SECONDS_GROWTH_MAX * few.seconds + LOAD_S:
                found.append(f"{name}: {few.seconds:.2f} s became {many.seconds:.2f} s")
    assert not found, "\n".join(found)


ORDERS: tuple[CompanyOrder, ...] = ("name", "-name", "updated", "-updated")


def _listed(tx: TenantTransaction, *, order: CompanyOrder, after: str | None) -> None:
    """A page of every status, one of many rows and one of none, after a company of that id."""
    place = f"Company {after}" if order.endswith("name") else DAY_2.isoformat()
    for status in (None, "linked", "deleted"):
        search_companies(tx, status=status, order=order, after=(after and (place, after)) or None)


def alone(run: Callable[[TenantTransaction], object]) -> Run:
    """As `Site.measured` takes it, for what needs no rows."""
    return lambda tx, _: run(tx)


@pytest.mark.parametrize("stand", STANDS)
def test_what_is_asked_about_one_company_does_not_grow(stand: str) -> None:
    """Also on a connection on which the driver prepared the statements before the first load."""
    with site(stand, MANY) as big:
        one, run_id = big.ids[MANY // 2], "run-of-acme"
        page = PAGE_ROWS + 1
        asked: tuple[tuple[str, int, Callable[[TenantTransaction], object]], ...] = (
            ("company", 1, lambda tx: get_company(tx, one)),
            ("name", 1, lambda tx: company_name(tx, one)),
            ("history", 2, lambda tx: company_history(tx, one)),
            ("older", 2, lambda tx: company_history(tx, one, before=2**62, limit=50)),
            ("first page", page, search_companies),
            ("next page", page, lambda tx: search_companies(tx, after=(f"Company {one}", one))),
            *((order, 3 * page, partial(_listed, order=order, after=None)) for order in ORDERS),
            *(
                (f"{order}, next page", 3 * page, partial(_listed, order=order, after=one))
                for order in ORDERS
            ),
            # Three changes a company, its row, and the probe that found it.
            ("companies of a sync", 5 * 26, lambda tx: companies_changed_by(tx, 2)),
            ("next of a sync", 5 * 26, lambda tx: companies_changed_by(tx, 2, after=one)),
            ("a sync of few", 26, lambda tx: companies_changed_by(tx, 3)),
            ("a sync of none", 5, lambda tx: companies_changed_by(tx, 9)),
            ("sync", 1, lambda tx: sync_of_run(tx, run_id)),
            ("syncs", 20, latest_syncs),
            ("losses of ten rows", 10 + 50, lambda tx: losses(tx, 7, enough=50)),
            ("older syncs", 20, lambda tx: latest_syncs(tx, before=2**62)),
        )
        for _ in range(PREPARED_AFTER):
            for _, _, run in asked:
                big.measured(alone(run))
        big.measured(lambda tx, at: sync(tx, at.rows()))
        big.measured(lambda tx, at: sync(tx, at.rows(hash_=2, revenue=1), sync_id=2))
        big.measured(lambda tx, at: sync(tx, at.rows(hash_=3, revenue=2)[:5], sync_id=3))
        big.measured(lambda tx, at: sync(tx, at.rows(hash_=4, revenue=3)[:10], sync_id=7))
        big.measured(lambda tx, _: open_sync(tx, "refresh", run_id, DAY_1))
        found = []
        for name, count, run in asked:
            meter = big.measured(alone(run))
            if meter.total > BUFFERS_A_ROW * (1 + count):
                found.append(f"{name}: {meter.total}, {meter.worst}")
    assert not found, "\n".join(found)
