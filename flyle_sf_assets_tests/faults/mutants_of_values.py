# ruff: noqa: SLF001 - bugs are planted in private places
"""Bugs planted into what describe does not tell of a value; ``mutants.py`` runs them.

Labels that depend on another field, and fields that change without a stamp. What does not belong
here: bugs in answers (``mutants_of_answers.py``) and in what is read and kept (``mutants.py``).
"""

from dataclasses import replace
from typing import Any

from flyle_sf_assets_tests.faults.planting import mutant, product_module


@mutant("no standard field is known to change without a stamp")
def no_table_of_unstamped_fields() -> None:
    product_module("raw.sweep").is_listed = lambda _object, _field: False


@mutant("a census believes that everything else follows the stamp")
def census_compares_stamps_alone() -> None:
    records = product_module("sync.steps.raw_records")
    lookups, custom = (
        product_module("raw.sweep").lookup_columns,
        product_module("raw.sweep").custom_columns,
    )

    def wrong(plan: Any, dataset: Any, *, is_edited: bool) -> Any:
        beside = custom(dataset) if is_edited else ()
        return tuple(dict.fromkeys((*lookups(plan, dataset), *beside)))

    records.census_columns = wrong


@mutant("a state code takes the last label of describe's list, whatever the country")
def label_of_another_country() -> None:
    casts = product_module("companies.casts")

    def wrong(text: Any, field: Any, _controller: Any, _controlling: Any) -> Any:
        return text.replace({option.value: option.label for option in field.source.picklist_values})

    casts._label_under = wrong


@mutant("a row in which only the controlling field moved counts as unchanged")
def controlling_field_alone_ignored() -> None:
    enriched = product_module("sync.steps.enriched_records")
    right = enriched.changed_rows

    def wrong(rows: Any, held: Any) -> Any:
        beside = [name for name in rows.columns if name.startswith("_controller:")]
        return right(rows.drop(beside), held.drop(beside))

    enriched.changed_rows = wrong


@mutant("an option that describe lists no more is forgotten with its label")
def labels_of_former_options_forgotten() -> None:
    product_module("sync.extract.schema_reader").with_former_options = lambda new, _before: new


@mutant("of a value listed twice the label that is left counts for every country")
def former_label_of_a_country_forgotten() -> None:
    redescribing = product_module("sync.extract.schema_reader")
    right = redescribing.with_former_options

    def wrong(new: Any, before: Any) -> Any:
        made = right(new, before)
        return replace(made, fields=tuple(map(without_partial, made.fields)))

    def without_partial(field: Any) -> Any:
        listed = {option.value for option in field.picklist_values}
        whole = tuple(one for one in field.former_options if one.value not in listed)
        return replace(field, former_options=whole)

    redescribing.with_former_options = wrong
