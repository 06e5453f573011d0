"""Lines of CSV files for spreadsheets, in which no value from an org becomes a formula.

What does not belong here: which lines a file has (``pages/records.py``, ``pages/company_list.py``,
``cli/companies.py``).
"""

import csv
import io
import re

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel decodes Japanese text wrongly."""

FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
NOT_SHOWN = "".join(map(chr, range(0x21))) + "\x7f\xa0\u200b\u2060\u3000\ufeff"
"""Characters that spreadsheets skip before a formula."""

NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
"""A negative number: the one sign that spreadsheets need to keep."""


def csv_line(*cells: str) -> str:
    """One line with its end. Each cell is a value for a spreadsheet, whatever it begins with."""
    line = io.StringIO()
    csv.writer(line).writerow([_plain(cell) for cell in cells])
    return line.getvalue()


def _plain(cell: str) -> str:
    """A cell that a spreadsheet reads as text: the value came from an org.

    Source: OWASP "CSV Injection". A cell that begins with a tab or a line end is quoted, too.
    """
    seen = cell.lstrip(NOT_SHOWN)
    if NUMBER.fullmatch(cell):
        return cell
    is_odd = seen.startswith(FORMULA_SIGNS) or cell.startswith(("\t", "\r", "\n"))
    return f"'{cell}" if is_odd else cell
