"""Listing settings files without parsing them: who is there, and whose bytes are news."""

from pathlib import Path

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.settings.loading import (
    content_digest,
    is_bare_folder,
    list_files,
    load_tenant,
    settings_file,
    tenants_of_files,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the settings files."""
    made = tmp_path / "tenants"
    made.mkdir()
    return made


def test_each_tenant_is_listed_once_with_the_digest_of_its_bytes(folder: Path) -> None:
    """A broken file is there like any other; hidden files and others are nobody's."""
    (folder / "acme.yaml").write_text("tenant: acme", encoding="utf-8")
    (folder / "broken.yaml").write_text("tenant: [", encoding="utf-8")
    (folder / ".acme.yaml.swp").write_text("x", encoding="utf-8")
    (folder / ".hidden.yaml").write_text("x", encoding="utf-8")
    (folder / "README.md").write_text("x", encoding="utf-8")
    listed = list_files(folder.parent)
    assert listed.keys() == {"acme", "broken"}
    assert listed["acme"].digest == content_digest(b"tenant: acme")
    assert listed["acme"].digest == load_tenant(folder / "acme.yaml").digest
    assert listed["acme"].digest != listed["broken"].digest


def test_a_file_with_the_wrong_suffix_stands_only_where_there_is_no_right_one(folder: Path) -> None:
    """Its tenant is not gone, and a good file beside it is not shadowed by it."""
    for name in ("acme.yaml", "acme.yml", "globex.yml"):
        (folder / name).write_text("x", encoding="utf-8")
    listed = list_files(folder.parent)
    assert listed["acme"].path.name == "acme.yaml"
    assert (listed["globex"].path.name, listed["globex"].digest) == ("globex.yml", "")


def test_a_file_whose_bytes_cannot_be_read_is_still_there(folder: Path) -> None:
    """A link that leads nowhere, say: its tenant keeps what stands."""
    (folder / "acme.yaml").symlink_to(folder / "nowhere")
    assert list_files(folder.parent)["acme"].digest == ""


def test_a_folder_that_is_not_there_is_an_error_and_not_an_empty_listing(tmp_path: Path) -> None:
    """Every tenant was gone when a volume was not mounted."""
    with pytest.raises(UsageError) as refused:
        list_files(tmp_path)
    assert refused.value.code == "config_dir_missing"


def test_a_bare_folder_holds_nothing_at_all(folder: Path) -> None:
    """A folder that somebody emptied still has its README."""
    assert is_bare_folder(folder.parent)
    (folder / "README.md").write_text("x", encoding="utf-8")
    assert not is_bare_folder(folder.parent)
    assert list_files(folder.parent) == {}


def test_a_tenants_file_is_found_by_its_name_whatever_is_in_it(folder: Path) -> None:
    """No name leads out of the folder, and a link that leads nowhere is a file."""
    (folder / "acme.yaml").write_text("[", encoding="utf-8")
    (folder / "lost.yaml").symlink_to(folder / "nowhere")
    (folder / "Not a name.yaml").write_text("", encoding="utf-8")
    config = folder.parent
    assert settings_file(config, "acme") == folder / "acme.yaml"
    assert settings_file(config, "lost") == folder / "lost.yaml"
    assert settings_file(config, "other") is None
    assert settings_file(config, "../tenants/acme") is None
    assert settings_file(config / "nowhere", "acme") is None
    assert tenants_of_files(config) == ["acme", "lost"]
    assert tenants_of_files(config / "nowhere") == []
