"""What is kept of a value that could not become a company's has a bound."""

from collections.abc import Callable

import polars as pl

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.reject_reasons import RejectReason
from flyle_sf_assets.companies.rejections import rejected_rows, rejected_values


def test_a_value_without_end_is_kept_by_its_beginning(
    company_field: Callable[..., CompanyField],
) -> None:
    """A megabyte of text in the place of a number stood whole in the table and on the page."""
    failing = pl.DataFrame(
        {"external_id": ["a", "b", "c"], "raw": ["社" * 1_000_000, "9" * 1_000, None]}
    )
    of_field = rejected_values(
        failing, company_field("double", "number"), pl.col("raw"), RejectReason.NOT_A_NUMBER
    )
    of_rows = rejected_rows(failing, pl.col("raw"), RejectReason.EMPTY_NAME)
    for kept in (of_field, of_rows):
        assert kept["value"].to_list() == ["社" * 999 + "…", "9" * 1_000, None]
