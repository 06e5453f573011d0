# ruff: noqa: SLF001, T201 - bugs are planted in private places, and what was caught is printed
"""Bugs planted one at a time into the product: the model test must catch each of them.

``make mutants`` runs the model against every mutant, each in a process of its own, and prints
which run caught it; it fails when one survives. What does not belong here: the model itself.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import polars as pl

from flyle_sf_assets.companies.rows import omitted_column
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.salesforce.describe import NotModified
from flyle_sf_assets_tests.faults import (
    mutants_of_answers,
    mutants_of_lookups,
    mutants_of_values,
)
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.running import open_ground, run_part

PARTS_MAX = 20
"""Parts of five runs that a mutant may survive at most."""

AT_ONCE = 2
_PLANTS: dict[str, tuple[str, Callable[[], None]]] = {}


def _mutant(what: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def kept(plant: Callable[[], None]) -> Callable[[], None]:
        _PLANTS[plant.__name__] = (what, plant)
        return plant

    return kept


def _room(module: str) -> Any:
    """A module of the product, whose names are about to be replaced."""
    return import_module(f"flyle_sf_assets.{module}")


@_mutant("a run believes schemas that are not six hours old")
def describe_only_every_6_hours() -> None:
    redescribing = _room("refresh.redescribing")
    right, every_s = redescribing.ask, 6 * 3600

    def wrong(refresh: Any, names: Any, moments: Any, stored: Any) -> Any:
        ages = [refresh.clock() - stored[name].checked_at for name in names if name in stored]
        is_recent = all(age.total_seconds() < every_s for age in ages)
        if moments.keys() >= set(names) and is_recent:
            return {name: NotModified() for name in names}
        return right(refresh, names, moments, stored)

    redescribing.ask = wrong


@_mutant("rows stamped exactly at the window's lower bound are not asked for")
def strict_greater() -> None:
    soql = _room("salesforce.soql")
    right = soql.in_window

    def wrong(column: Any, low: Any, high: Any) -> Any:
        made = right(column, low, high)
        return None if made is None else soql.Predicate(made.text.replace(">=", ">"))

    soql.in_window = wrong


@_mutant("the window begins at the watermark: what became visible late is lost")
def no_overlap() -> None:
    window = _room("raw.questions").Window

    window.after = staticmethod(lambda watermark, until, _overlap_s: window(watermark, until))


@_mutant("of a result of several pages only the first is taken")
def ties_cut_at_a_page() -> None:
    reader = _room("salesforce.query").Reader
    right = reader._composite_pages

    def wrong(self: Any, asked: Any) -> Any:
        pages = right(self, asked)
        for page in pages:
            page.done, page.total_size = True, len(page.records)
        return pages

    reader._composite_pages = wrong


@_mutant("what was committed before the last commit counts as consumed: a kill's debt is forgotten")
def forgotten_debt() -> None:
    lake = _room("lake.files").Lake
    right = lake.changed_since

    def wrong(self: Any, manifest: Any, generation: int) -> Any:
        return right(self, manifest, max(generation, manifest.generation - 1))

    lake.changed_since = wrong


@_mutant("what was read of the books before a commit is believed after it")
def books_never_read_again() -> None:
    _room("refresh.books").Books.forget = lambda _self: None


@_mutant("only the base object's own changes are joined again")
def parent_change_ignored() -> None:
    enriched = _room("refresh.steps.enriched")
    right = enriched.affected_ids

    def wrong(plan: Any, records: Any, held: Any, changed: Any) -> Any:
        own = {name: ids for name, ids in changed.items() if plan.dataset(name).is_base}
        return right(plan, records, held, own)

    enriched.affected_ids = wrong


@_mutant("a one-to-one object that moved is joined where it is now, and stays where it was")
def one_to_one_move_ignored() -> None:
    enriched = _room("refresh.steps.enriched")
    right = enriched.affected_ids
    enriched.affected_ids = lambda plan, records, _held, changed: right(
        plan, records, None, changed
    )


@_mutant("a deleted record counts as one that left the conditions")
def deleted_as_out_of_scope() -> None:
    reading = _room("refresh.reading")
    right = reading.scope_changes

    def wrong(held: Any, matching: Any, touched: Any) -> Any:
        gone = pl.when(pl.col("_status") == "deleted").then(pl.lit("out_of_scope"))
        return right(
            held, matching, touched.with_columns(gone.otherwise("_status").alias("_status"))
        )

    reading.scope_changes = wrong


@_mutant("the watermark is our own clock's, which runs ahead")
def watermark_of_our_clock() -> None:
    records = _room("refresh.steps.records")
    right = records.commit

    def wrong(tx: Any, pending: Any, manifest: Any, _watermark: Any, now: Any) -> Any:
        return right(tx, pending, manifest, now, now)

    records.commit = wrong


@_mutant("updated_at moves with every stamp")
def updated_at_always_moved() -> None:
    companies = _room("store.companies")
    right = companies._store_stamps

    def wrong(tx: Any, stamps: Any) -> None:
        right(tx, stamps)
        tx.execute(
            "UPDATE companies SET updated_at = updated_at + interval '1 second'"
            " WHERE tenant_id = :tenant_id AND external_id = ANY(:ids)",
            tenant_id=tx.tenant_id,
            ids=stamps["external_id"].to_list(),
        )

    companies._store_stamps = wrong


@_mutant("options that describe no longer lists are forgotten")
def options_deleted() -> None:
    options = _room("refresh.steps.options")
    right = options.merge_options

    def wrong(tx: Any, *args: Any, **kwargs: Any) -> Any:
        counts = right(tx, *args, **kwargs)
        # The product may not even delete: the mutant can only make them unfindable.
        tx.execute(
            "UPDATE custom_field_options SET value = value || '~'"
            " WHERE tenant_id = :tenant_id AND removed_at IS NOT NULL AND value NOT LIKE '%~'",
            tenant_id=tx.tenant_id,
        )
        return counts

    options.merge_options = wrong


@_mutant("an answer that breaks off, or an error, counts as an empty answer")
def failed_read_as_empty() -> None:
    query = _room("salesforce.query")
    right = query.Reader.rows_by_composite

    def wrong(self: Any, statements: Any) -> Any:
        try:
            return right(self, statements)
        except FlyleError:
            return [query._frame(statement, [], 0) for statement in statements]

    query.Reader.rows_by_composite = wrong


@_mutant("a census does not look for what is gone without a trace")
def census_finds_nothing_missing() -> None:
    reading = _room("refresh.reading")
    right = reading.absent_changes
    reading.absent_changes = lambda absent, told: right(
        absent.join(told, on="Id", how="semi"), told
    )


@_mutant("calculated fields are not swept")
def sweep_skips_calculated() -> None:
    sweep = _room("raw.sweep")
    records = _room("refresh.steps.records")

    sweep.is_unstamped = lambda _object, _field: False
    records.unstamped_columns = lambda _dataset: ()


@_mutant("no standard field is known to change without a stamp")
def no_table_of_unstamped_fields() -> None:
    _room("raw.sweep").is_listed = lambda _object, _field: False


@_mutant("a census believes that everything else follows the stamp")
def census_compares_stamps_alone() -> None:
    records = _room("refresh.steps.records")
    lookups, custom = _room("raw.sweep").lookup_columns, _room("raw.sweep").custom_columns

    def wrong(plan: Any, dataset: Any, *, is_edited: bool) -> Any:
        return (*lookups(plan, dataset), *(custom(dataset) if is_edited else ()))

    records.census_columns = wrong


@_mutant("a rejected value blanks its field")
def rejected_value_blanks() -> None:
    convert = _room("companies.convert")
    right = convert._set_aside

    def wrong(work: Any, faults: Any, *args: Any) -> Any:
        omitted = [pl.lit(value=False).alias(omitted_column(field.key)) for field, _ in faults]
        return right(work, faults, *args).with_columns(omitted)

    convert._set_aside = wrong


@_mutant("the winner of a merge is not told")
def merge_as_delete() -> None:
    reading = _room("refresh.reading")
    right = reading.fates

    def wrong(answer: Any, **kwargs: Any) -> Any:
        return right(answer.drop("MasterRecordId", strict=False), **kwargs)

    reading.fates = wrong


@_mutant("what is read again for a lost record file is not told of records that ended meanwhile")
def lost_file_forgets_companies() -> None:
    records = _room("refresh.steps.records")
    right = records.records_of_companies
    records.records_of_companies = lambda *args: right(*args).head(0)


@_mutant("a record file is trusted without a look at its content")
def damaged_file_believed() -> None:
    files = _room("lake.files")
    files.read_damage = lambda _place, _file: None


_PLANTS.update(mutants_of_answers.PLANTS)
_PLANTS.update(mutants_of_lookups.PLANTS)
_PLANTS.update(mutants_of_values.PLANTS)


def caught_by(name: str) -> str | None:
    """Plants one bug here and runs the model; the failure's text, None if the bug survives."""
    _PLANTS[name][1]()
    with open_ground() as ground:
        for part in range(PARTS_MAX):
            try:
                run_part(Model, ground, part)
            except (AttributeError, ImportError, NameError, TypeError):
                # The plant does not fit the product any more: that is no catch.
                raise
            except Exception as error:  # noqa: BLE001 - any failure is a catch
                first_line = str(error).splitlines()[0] if str(error) else ""
                return f"part {part}: {type(error).__name__}: {first_line}"
    return None


def _in_own_process(name: str) -> tuple[str | None, float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, name], capture_output=True, text=True, check=False
    )
    answer = done.stdout.splitlines()[-1] if done.stdout else ""
    if done.returncode or not answer.startswith("{"):
        raise RuntimeError(
            f"{name} could not be judged:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return json.loads(answer)["caught"], time.monotonic() - started


def main() -> int:
    """All mutants, or the one that is named: one JSON line."""
    if len(sys.argv) > 1:
        print(json.dumps({"caught": caught_by(sys.argv[1])}))
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(_PLANTS, pool.map(_in_own_process, _PLANTS), strict=True))
    for name, (caught, seconds) in results.items():
        verdict = "caught  " if caught else "SURVIVED"
        print(f"{verdict} {name:30} {seconds:5.0f} s  {_PLANTS[name][0]}")
        print(f"         {(caught or '')[:150]}")
    survived = [name for name, (caught, _) in results.items() if not caught]
    print(f"{len(results) - len(survived)} of {len(results)} mutants caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
