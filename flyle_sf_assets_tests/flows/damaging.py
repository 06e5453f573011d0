"""Ways in which a disk, a person or a restored backup damages a record file.

What does not belong here: what must come of it (``test_damaged_lake.py``).
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from flyle_sf_assets_tests.flows.tenants import Tenant

Damage = Callable[[Path, Path], None]
"""Damages the first file; the second is another one, of another tenant."""


def deleted(file: Path, _other: Path) -> None:
    """It is gone."""
    file.unlink()


def truncated(file: Path, _other: Path) -> None:
    """The disk was full, or a copy broke off."""
    os.truncate(file, file.stat().st_size // 2)


def emptied(file: Path, _other: Path) -> None:
    """It is there and has no byte."""
    os.truncate(file, 0)


def bit_flipped(file: Path, _other: Path) -> None:
    """One bit in the middle, which neither size nor time nor the footer tell."""
    told = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0x10
    file.write_bytes(content)
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))


def footer_zeroed(file: Path, _other: Path) -> None:
    """The last block was never written."""
    content = file.read_bytes()
    file.write_bytes(content[:-64] + bytes(64))


def replaced_by_another_tenants(file: Path, other: Path) -> None:
    """A whole and valid file, of somebody else: the worst that could be read."""
    file.write_bytes(other.read_bytes())


def replaced_by_an_older_one(file: Path, _other: Path) -> None:
    """A backup brought back the content of an earlier generation, or of a neighbour."""
    beside = sorted(set(file.parent.glob("*.parquet")) - {file})
    others = beside or sorted(set(file.parents[1].rglob("*.parquet")) - {file})
    file.write_bytes(others[-1].read_bytes())


def replaced_by_a_directory(file: Path, _other: Path) -> None:
    """A restore made a folder of that name."""
    file.unlink()
    file.mkdir()


def replaced_by_a_link(file: Path, other: Path) -> None:
    """A link to another tenant's file."""
    file.unlink()
    file.symlink_to(other)


def unreadable(file: Path, _other: Path) -> None:
    """It cannot be opened: a link to itself, for which no right helps, not even root's."""
    file.unlink()
    file.symlink_to(file.name)


DAMAGES: dict[str, Damage] = {
    damage.__name__: damage
    for damage in (
        deleted,
        truncated,
        emptied,
        bit_flipped,
        footer_zeroed,
        replaced_by_another_tenants,
        replaced_by_an_older_one,
        replaced_by_a_directory,
        replaced_by_a_link,
        unreadable,
    )
}


def named_paths(tenant: Tenant, dataset: str) -> list[str]:
    """The files of a dataset, base first, as its manifest names them: paths inside the lake."""
    found = tenant.query(
        "SELECT dataset, manifest::text FROM flyle.generations WHERE tenant_id = %s"
    )
    manifest = json.loads(dict(found)[dataset])
    return [file["path"] for file in (manifest["base"], *manifest["segments"])]


def all_named_paths(tenant: Tenant) -> list[str]:
    """The same for every dataset of which something is held."""
    found = tenant.query(
        "SELECT dataset FROM flyle.generations WHERE tenant_id = %s AND manifest <> '{}' ORDER BY 1"
    )
    return [path for (dataset,) in found for path in named_paths(tenant, dataset)]


def named_files(tenant: Tenant, dataset: str) -> list[Path]:
    """The files of a dataset in a local lake."""
    return [tenant.installation.lake.root / path for path in named_paths(tenant, dataset)]


def all_named_files(tenant: Tenant) -> list[Path]:
    """The files of every dataset in a local lake."""
    return [tenant.installation.lake.root / path for path in all_named_paths(tenant)]


def rereads(tenant: Tenant) -> list[str]:
    """The datasets that the tenant's syncs read again, in order."""
    found = tenant.query("SELECT reread FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id")
    return [line.split(":", 1)[0] for (lines,) in found for line in lines]
