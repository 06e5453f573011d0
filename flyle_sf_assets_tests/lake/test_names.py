"""Names of record files are made by us: no text from outside becomes a path or a pattern.

A Bulk job id that was an absolute path wrote a Parquet file outside the lake, and one with
``../../../globex/*/*`` made a clean-up delete another tenant's files.
"""

import os
from pathlib import Path

import polars as pl
import pytest

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest, RecordFile
from flyle_sf_assets.lake.storage import StoredFile
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets_tests.lake.frames import frame

HOSTILE = [
    "/etc/passwd",
    "../globex/accounts",
    "accounts/../../globex",
    "acc*unts",
    "accounts[0-9]",
    "related/",
    "related/a/b",
    ".",
    "",
    "a\x00b",
    "a\nb",
    "商談",
    "a" * 300,
]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_dataset_or_tenant_with_a_hostile_name_is_refused_and_nothing_is_written(
    lake: Lake, tmp_path: Path, name: str
) -> None:
    lake.write("acme", "accounts", 1, frame(a="1"))
    before = everything(tmp_path)
    for tenant, dataset in (("acme", name), (name, "accounts")):
        with pytest.raises(StoreError, match="lake_path_refused"):
            lake.write(tenant, dataset, 1, frame(a="1"))
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../outside.parquet",
        "acme/accounts/*.parquet",
        "acme/../globex/accounts/00000001-0123456789ab.parquet",
    ],
)
def test_a_manifest_that_names_something_else_is_refused(
    lake: Lake, tmp_path: Path, path: str
) -> None:
    """A manifest is read from the database; anyone who changed it reads no other file by it."""
    lake.write("acme", "accounts", 1, frame(a="1"))
    frame(a="1").write_parquet(tmp_path / "outside.parquet")
    manifest = Manifest("accounts", 1, ("Name",), "", RecordFile(path, 1, 1))
    with pytest.raises(StoreError, match="lake_path_refused"):
        lake.read(manifest)


@pytest.mark.parametrize("name", ["lake [a-z]", "lake*", "lake?", "lake{a,b}"])
def test_a_lake_whose_own_path_looks_like_a_pattern_reads_its_own_files(
    tmp_path: Path, name: str
) -> None:
    """Polars expands patterns in paths: the neighbour's file matched, or none did."""
    lake, neighbour = Lake(str(tmp_path / name)), Lake(str(tmp_path / "lake a"))
    neighbour.write("acme", "accounts", 1, frame(b="2"))
    manifest = Manifest(
        "accounts", 1, ("Name",), "", lake.write("acme", "accounts", 1, frame(a="1"))
    )
    assert lake.read(manifest).collect()["Id"].to_list() == ["a"]
    assert lake.write("acme", "accounts", 2, lake.read(manifest)).rows == 1


def test_only_a_file_inside_its_own_tenants_folder_is_deleted(lake: Lake) -> None:
    """Checked after links are resolved: a folder that is a link leads elsewhere."""
    lake.write("acme", "accounts", 1, frame(a="1"))
    theirs = lake.root / lake.write("globex", "accounts", 1, frame(a="1")).path
    (lake.root / "acme" / "stolen").symlink_to(theirs.parent)
    for path in (
        f"acme/stolen/{theirs.name}",
        f"acme/../globex/accounts/{theirs.name}",
        str(theirs),
        "acme",
    ):
        with pytest.raises(StoreError, match="lake_path_refused"):
            lake.delete("acme", StoredFile(path, 1, lake.files_of("globex")[0].modified_at))
    assert theirs.exists()


def test_a_link_is_deleted_and_not_what_it_points_to(lake: Lake) -> None:
    lake.write("acme", "accounts", 1, frame(a="1"))
    theirs = lake.root / lake.write("globex", "accounts", 1, frame(a="1")).path
    link = lake.root / "acme" / "accounts" / "00000009-aaaaaaaaaaaa.parquet"
    link.symlink_to(theirs)
    found = [file for file in lake.files_of("acme") if file.path.endswith("aaaa.parquet")]
    assert len(found) == 1
    lake.delete("acme", found[0])
    assert theirs.exists()
    assert not os.path.lexists(link)


def test_a_tenants_folder_that_is_a_link_is_nobodys(lake: Lake) -> None:
    """What globex's manifests name is named by none of acme's: it was all deleted at night."""
    lake.write("globex", "accounts", 1, frame(a="1"))
    (lake.root / "acme").symlink_to(lake.root / "globex")
    assert lake.tenants() == ["globex"]
    with pytest.raises(StoreError, match="lake_path_refused"):
        lake.files_of("acme")
    with pytest.raises(StoreError, match="lake_path_refused"):
        lake.write("acme", "accounts", 1, frame(a="1"))


def test_an_object_of_the_org_may_have_any_name_that_salesforce_gives(lake: Lake) -> None:
    for name in ("related/Contract_Info__c", "related/ns1__My_Object__mdt", "enriched/Account"):
        assert lake.write("acme", name, 1, pl.DataFrame(schema=record_schema([]))).rows == 0
