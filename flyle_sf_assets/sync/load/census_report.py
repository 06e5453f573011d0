"""What a census found: its figures, and one line of text about them."""

from collections.abc import Iterable

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.syncs.census import CensusFigures
from flyle_sf_assets.sync.load.company_writer import Written
from flyle_sf_assets.sync.step_report import Comparison


def census_figures(records: Comparison, written: Written) -> CensusFigures:
    """The figures of a census: what was compared with the org, and the companies beside it.

    A record counts once. It matches when both its stored row and its company matched.
    """
    healed_companies = written.healed_linked + written.healed_frozen
    healed = records.healed + healed_companies
    # A run that continues an interrupted one has not compared the records itself.
    checked = max(records.checked, written.compared_linked) + written.healed_frozen
    return CensusFigures(
        checked=checked,
        matched=checked - healed,
        healed=healed,
        missing=records.missing,
        companies_checked=written.compared_linked + written.compared_frozen,
        companies_healed=healed_companies,
    )


def total(figures: Iterable[CensusFigures]) -> CensusFigures:
    """The figures of several censuses together."""
    found = list(figures)
    return CensusFigures(
        checked=sum(one.checked for one in found),
        matched=sum(one.matched for one in found),
        healed=sum(one.healed for one in found),
        missing=sum(one.missing for one in found),
        companies_checked=sum(one.companies_checked for one in found),
        companies_healed=sum(one.companies_healed for one in found),
    )


def in_words(figures: CensusFigures) -> Text:
    """``9,998 of 9,998 match``, and what was healed if anything was."""
    ja = f"{figures.checked:,}件中{figures.matched:,}件が一致"
    en = f"{figures.matched:,} of {figures.checked:,} match"
    if not figures.healed:
        return Text(ja, en)
    parts = [
        (figures.companies_healed, "企業の書き直し", "companies written again"),
        (figures.missing, "Salesforceに見つからないもの", "not found in Salesforce"),
    ]
    told = [(count, a, b) for count, a, b in parts if count]
    of_these_ja = "、".join(f"{a}{count:,}件" for count, a, _ in told)
    of_these_en = ", ".join(f"{count:,} {b}" for count, _, b in told)
    return Text(
        f"{ja}、{figures.healed:,}件を修復" + (f"(うち{of_these_ja})" if told else ""),
        f"{en}; {figures.healed:,} healed" + (f" ({of_these_en} among them)" if told else ""),
    )
