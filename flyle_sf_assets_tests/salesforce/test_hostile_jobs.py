"""A Bulk job whose id and locator are paths or patterns: files are named by us all the same.

An absolute path as job id wrote a Parquet file outside the lake, and ``../../../globex/*/*`` made
the clean-up of a failed read delete another tenant's record files.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import pytest
import requests

from flyle_sf_assets.errors import IncompleteRead, Text
from flyle_sf_assets.salesforce import answers, bulk
from flyle_sf_assets.salesforce.bulk_progress import BulkPace, BulkRead
from flyle_sf_assets.salesforce.soql import Statement

if TYPE_CHECKING:
    from flyle_sf_assets.salesforce.session import OrgSession

HOSTILE = ["/outside", "../../globex/*/*", "../globex/accounts", "*", "a/b", "..", ""]


@dataclass
class HostileOrg:
    """Answers Bulk requests as an org that wants files in other places. A fake of our session."""

    job_id: str
    announced: int = 1
    api_version: str = "64.0"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def decoded(self, body: bytes, decode: Callable[[bytes], Any], *, tried: Text) -> Any:
        return answers.decoded(body, decode, values_max=100, tried=tried)

    def data_path(self, rest: str) -> str:
        return f"/services/data/v{self.api_version}{rest}"

    def fetch(self, method: str, path: str, parse: Callable[[Any], Any], **options: Any) -> object:
        self.asked.append((method, path))
        response = requests.Response()
        response.status_code = 200
        if path.endswith("/results"):
            is_last = "locator" in options["params"]
            response.headers["Sforce-NumberOfRecords"] = str(self.announced)
            response.headers["Sforce-Locator"] = "null" if is_last else self.job_id or "x"
            response.raw = io.BytesIO(b'"Id"\n"001000000000001AAA"\n')
        else:
            job = {"id": self.job_id, "state": "JobComplete", "numberRecordsProcessed": 2}
            response.raw = io.BytesIO(json.dumps(job).encode())
        return parse(response)


def read(org: HostileOrg, folder: Path) -> BulkRead:
    session = cast("OrgSession", org)
    statement = Statement("Account", ("Id",), "SELECT Id FROM Account")
    return bulk.read(session, statement, folder, pace=BulkPace(), sleep=lambda _seconds: None)


def neighbours(tmp_path: Path) -> set[str]:
    return {str(path) for path in tmp_path.rglob("*") if "mine" not in path.parts}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    file = tmp_path / "lake" / "globex" / "accounts" / "00000001-0123456789ab.parquet"
    file.parent.mkdir(parents=True)
    pl.DataFrame({"Id": ["1"]}).write_parquet(file)
    return file


@pytest.mark.parametrize("job_id", HOSTILE)
def test_a_job_that_is_called_a_path_is_refused_and_touches_nothing(
    tmp_path: Path, theirs: Path, job_id: str
) -> None:
    folder = tmp_path / "lake" / "acme" / "mine"
    job_id = job_id.replace("/outside", str(tmp_path / "outside"))
    before = neighbours(tmp_path)
    with pytest.raises(IncompleteRead):
        read(HostileOrg(job_id), folder)
    assert neighbours(tmp_path) == before
    assert theirs.exists()


def test_pages_are_named_by_us(tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "acme" / "mine"
    done = read(HostileOrg("750000000000001AAA"), folder)
    assert done.scan().collect()["Id"].to_list() == ["001000000000001AAA"] * 2
    assert [file.name for file in done.files] == ["page-00000.parquet", "page-00001.parquet"]


def test_a_failed_read_removes_its_own_pages_and_nothing_else(tmp_path: Path, theirs: Path) -> None:
    folder = tmp_path / "lake" / "acme" / "mine"
    with pytest.raises(IncompleteRead):
        read(HostileOrg("750000000000001AAA", announced=7), folder)
    assert list(folder.iterdir()) == []
    assert theirs.exists()
    assert neighbours(tmp_path) == {
        str(path) for path in (folder.parent, *list(theirs.parents)[:3], theirs)
    }
