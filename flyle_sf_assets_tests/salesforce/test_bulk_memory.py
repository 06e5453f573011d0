"""The memory of a read by Bulk whose pages are as large as they may be, in a process of its own.

What does not belong here: that a larger page is refused (``test_bounds.py``).
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flyle_sf_assets.salesforce.frames import csv_to_parquet

PEAK_MIB_MAX = 1024

_READ = """
import io, json, sys
from pathlib import Path
import polars as pl
import requests
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.salesforce import bulk
from flyle_sf_assets.salesforce.bounds import Bounds
from flyle_sf_assets.salesforce.soql import Statement

COLUMNS = ("Id", "SystemModstamp", *(f"F{n}__c" for n in range(29)))
LIMIT = Bounds().page_bytes
PAGE = Path(sys.argv[1]) / "page"


def checked(number):
    base = f"001{number:012d}"
    return base + "AAA"


def write_page(cell):
    with PAGE.open("wb") as sink:
        sink.write(",".join(f'"{name}"' for name in COLUMNS).encode() + b"\\n")
        number = 0
        while sink.tell() < LIMIT - 40 * (cell + 4) - 100:
            values = f'"{cell_of(number, cell)}",' * 29
            row = f'"{checked(number)}","2026-03-02T03:04:05.000Z",{values}'
            sink.write(row[:-1].encode() + b"\\n")
            number += 1
    return number


def cell_of(number, size):
    return f"{number * 7919 % 10**9:09d}".ljust(size, "x")[:size]


class Session:
    api_version = "64.0"
    page = 0

    def data_path(self, rest):
        return f"/services/data/v64.0{rest}"

    def decoded(self, body, decode, *, tried):
        return decode(body)

    def fetch(self, method, path, parse, **options):
        response = requests.Response()
        response.status_code = 200
        if path.endswith("/results"):
            self.page += 1
            response.headers["Sforce-NumberOfRecords"] = str(TOLD)
            response.headers["Sforce-Locator"] = "null" if self.page == 2 else f"p{self.page}"
            response.raw = PAGE.open("rb")
        else:
            job = {"id": "750000000000001AAA", "state": "JobComplete"}
            response.raw = io.BytesIO(json.dumps(job).encode())
        return parse(response)


TOLD = ROWS = write_page(int(sys.argv[2]))
statement = Statement("Account", COLUMNS, "SELECT", key_prefix="001")
folder = Path(sys.argv[1]) / "sink"
pace = bulk.BulkPace(page_rows=max(ROWS, 100_000) if sys.argv[3] == "honest" else 100_000)
try:
    end = bulk.read(Session(), statement, folder, pace=pace, sleep=lambda _s: None).rows
except FlyleError as error:
    end = error.code
# ru_maxrss would be that of the process that started this one, if that was larger.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0])
print(json.dumps({"end": end, "bytes": PAGE.stat().st_size, "peak_mib": peak // 1024}))
"""


def _measured(folder: Path, cell: int, org: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(folder), str(cell), org],
        capture_output=True,
        check=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_a_header_of_millions_of_columns_is_not_parsed(tmp_path: Path) -> None:
    """It took 72 s and more than a gigabyte before anybody compared it with what was asked."""
    page = tmp_path / "page.csv"
    page.write_bytes(b"[" + b"0," * 4_000_000 + b"0]")
    with pytest.raises(ValueError, match="header"):
        csv_to_parquet(page, tmp_path / "page.parquet", ["Id"])


@pytest.mark.parametrize(("cell", "org"), [(84, "honest"), (1, "hostile")])
def test_pages_at_the_bound_stay_within_a_gigabyte(tmp_path: Path, cell: int, org: str) -> None:
    """Pages of 256 MiB and 31 columns; a hostile one has 16 times the rows that were asked for."""
    found = _measured(tmp_path, cell, org)
    size, peak_mib = found["bytes"], found["peak_mib"]
    assert isinstance(size, int)
    assert isinstance(peak_mib, int)
    assert size > 255 << 20
    assert peak_mib < PEAK_MIB_MAX, found
    assert (org == "hostile") == (found["end"] == "answer_implausible"), found
