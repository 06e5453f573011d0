# ruff: noqa: SLF001, T201 - bugs are planted in private places, and what was caught is printed
"""Bugs planted one at a time into the product: the model test must catch each of them.

``make mutants`` runs the model against every mutant, each in a process of its own, and prints
which run caught it; it fails when one survives. What does not belong here: the model itself.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from flyle_sf_assets.companies.rows import omitted_column
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.salesforce.describe import NotModified
from flyle_sf_assets.sync.extract.schema_reader import Redescribed
from flyle_sf_assets_tests.faults import (  # noqa: F401 - they add their bugs to the list
    mutants_of_answers,
    mutants_of_budget,
    mutants_of_guard,
    mutants_of_lookups,
    mutants_of_rollback,
    mutants_of_values,
)
from flyle_sf_assets_tests.faults.model import Model
from flyle_sf_assets_tests.faults.planting import PLANTS, mutant, product_module
from flyle_sf_assets_tests.faults.running import open_ground, run_part

PARTS_MAX = 20
"""Parts of five runs that a mutant may survive at most."""

AT_ONCE = 2


@mutant("a run believes schemas that are not six hours old")
def describe_only_every_6_hours() -> None:
    step = product_module("sync.steps.object_schemas")
    plan = product_module("raw.plan")
    right, every_s = step.redescribe, 6 * 3600

    def wrong(org: Any, settings: Any, stored: Any, known: Any, *, is_whole: bool) -> Any:
        names = plan.objects_reached(settings, known)
        is_known = not is_whole and all(known.get(name) for name in names)
        ages = [org.server_now - stored[name].checked_at for name in names] if is_known else []
        if not ages or any(age.total_seconds() >= every_s for age in ages):
            return right(org, settings, stored, known, is_whole=is_whole)
        answers = {name: NotModified() for name in names}
        return Redescribed(answers, {name: known[name] for name in names}, is_whole=False)

    step.redescribe = wrong


@mutant("rows stamped exactly at the window's lower bound are not asked for")
def strict_greater() -> None:
    soql = product_module("salesforce.soql")
    right = soql.in_window

    def wrong(column: Any, low: Any, high: Any) -> Any:
        made = right(column, low, high)
        return None if made is None else soql.Predicate(made.text.replace(">=", ">"))

    soql.in_window = wrong


@mutant("the window begins at the watermark: what became visible late is lost")
def no_overlap() -> None:
    window = product_module("raw.questions").Window

    window.after = staticmethod(lambda watermark, until, _overlap_s: window(watermark, until))


@mutant("of a result of several pages only the first is taken")
def ties_cut_at_a_page() -> None:
    reader = product_module("salesforce.query").Reader
    right = reader._composite_pages

    def wrong(self: Any, asked: Any) -> Any:
        pages = right(self, asked)
        for page in pages:
            page.done, page.total_size = True, len(page.records)
        return pages

    reader._composite_pages = wrong


@mutant("what was committed before the last commit counts as consumed: a kill's debt is forgotten")
def forgotten_debt() -> None:
    lake = product_module("lake.files").Lake
    right = lake.changed_since

    def wrong(self: Any, manifest: Any, generation: int) -> Any:
        return right(self, manifest, max(generation, manifest.generation - 1))

    lake.changed_since = wrong


@mutant("what was read of the books before a commit is believed after it")
def books_never_read_again() -> None:
    product_module("sync.state.committed_state").CommittedState.forget = lambda _self: None


@mutant("only the base object's own changes are joined again")
def parent_change_ignored() -> None:
    enriched = product_module("sync.steps.enriched_records")
    right = enriched.affected_ids

    def wrong(plan: Any, records: Any, held: Any, changed: Any) -> Any:
        own = {name: ids for name, ids in changed.items() if plan.dataset(name).is_base}
        return right(plan, records, held, own)

    enriched.affected_ids = wrong


@mutant("a one-to-one object that moved is joined where it is now, and stays where it was")
def one_to_one_move_ignored() -> None:
    enriched = product_module("sync.steps.enriched_records")
    right = enriched.affected_ids
    enriched.affected_ids = lambda plan, records, _held, changed: right(
        plan, records, None, changed
    )


@mutant("a deleted record counts as one that left the conditions")
def deleted_as_out_of_scope() -> None:
    reading = product_module("sync.extract.dataset_reader")
    right = reading.scope_changes

    def wrong(held: Any, matching: Any, touched: Any) -> Any:
        gone = pl.when(pl.col("_status") == "deleted").then(pl.lit("out_of_scope"))
        return right(
            held, matching, touched.with_columns(gone.otherwise("_status").alias("_status"))
        )

    reading.scope_changes = wrong


@mutant("the watermark is our own clock's, which runs ahead")
def watermark_of_our_clock() -> None:
    records = product_module("sync.steps.raw_records")
    right = records.commit

    def wrong(tx: Any, pending: Any, manifest: Any, _watermark: Any, now: Any) -> Any:
        return right(tx, pending, manifest, now, now)

    records.commit = wrong


@mutant("updated_at moves with every stamp")
def updated_at_always_moved() -> None:
    companies = product_module("store.companies.upsert")
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


@mutant("options that describe no longer lists are forgotten")
def options_deleted() -> None:
    options = product_module("sync.steps.picklist_options")
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


@mutant("an answer that breaks off, or an error, counts as an empty answer")
def failed_read_as_empty() -> None:
    query = product_module("salesforce.query")
    right = query.Reader.rows_by_composite

    def wrong(self: Any, statements: Any) -> Any:
        try:
            return right(self, statements)
        except FlyleError:
            return [pl.DataFrame(schema=dict.fromkeys(s.columns, pl.String)) for s in statements]

    query.Reader.rows_by_composite = wrong


@mutant("a census does not look for what is gone without a trace")
def census_finds_nothing_missing() -> None:
    reading = product_module("sync.extract.dataset_reader")
    right = reading.absent_changes
    reading.absent_changes = lambda absent, told: right(
        absent.join(told, on="Id", how="semi"), told
    )


@mutant("calculated fields are not swept")
def sweep_skips_calculated() -> None:
    sweep = product_module("raw.sweep")
    records = product_module("sync.steps.raw_records")

    sweep.is_unstamped = lambda _object, _field: False
    records.unstamped_columns = lambda _dataset: ()


@mutant("a rejected value blanks its field")
def rejected_value_blanks() -> None:
    convert = product_module("companies.convert")
    right = convert._set_aside

    def wrong(work: Any, faults: Any, *args: Any) -> Any:
        omitted = [pl.lit(value=False).alias(omitted_column(field.key)) for field, _ in faults]
        return right(work, faults, *args).with_columns(omitted)

    convert._set_aside = wrong


@mutant("the winner of a merge is not told")
def merge_as_delete() -> None:
    reading = product_module("sync.extract.dataset_reader")
    right = reading.tombstones

    def wrong(answer: Any, **kwargs: Any) -> Any:
        return right(answer.drop("MasterRecordId", strict=False), **kwargs)

    reading.tombstones = wrong


@mutant("what is read again for a lost record file is not told of records that ended meanwhile")
def lost_file_forgets_companies() -> None:
    records = product_module("sync.steps.raw_records")
    right = records.records_of_companies
    records.records_of_companies = lambda *args: right(*args).head(0)


@mutant("a record file is trusted without a look at its content")
def damaged_file_believed() -> None:
    local = product_module("lake.local")
    local.read_damage = lambda _place, _file: None


def caught_by(name: str) -> str | None:
    """Plants one bug here and runs the model; the failure's text, None if the bug survives."""
    PLANTS[name][1]()
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
        [sys.executable, "-m", __spec__.name, "--here", name],
        capture_output=True,
        text=True,
        check=False,
    )
    answer = done.stdout.splitlines()[-1] if done.stdout else ""
    if done.returncode or not answer.startswith("{"):
        raise RuntimeError(
            f"{name} could not be judged:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return json.loads(answer)["caught"], time.monotonic() - started


def _told(name: str) -> bool:
    """Whether the bug is caught; says so at once, as the whole list takes a while."""
    caught, seconds = _in_own_process(name)
    verdict = "caught  " if caught else "SURVIVED"
    text = (
        f"{verdict} {name:36} {seconds:5.0f} s  {PLANTS[name][0]}\n         {(caught or '')[:150]}"
    )
    print(text, flush=True)
    return caught is not None


def main() -> int:
    """All mutants, or those that are named; ``--here`` judges one in this process.

    ``--fit`` only plants them, all into this process: each must find what it replaces.
    """
    if sys.argv[1:] == ["--fit"]:
        for _, plant in PLANTS.values():
            plant()
        print(f"{len(PLANTS)} bugs fit")
        return 0
    if sys.argv[1:2] == ["--here"]:
        print(json.dumps({"caught": caught_by(sys.argv[2])}))
        return 0
    names = sys.argv[1:] or list(PLANTS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(_told, names))
    print(f"{sum(results)} of {len(results)} mutants caught")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
