"""The files of large reads, where no org is needed to see them."""

from pathlib import Path

from flyle_sf_assets.sync.bulk_downloads import Downloads


def test_a_commit_forgets_its_own_datasets_and_leaves_what_others_take_up_again(
    tmp_path: Path,
) -> None:
    """A base object that is committed first must not cost a one-to-one object its pages."""
    for name in ("accounts", "accounts.1", "accounts.2", "related_Contract_Info__c"):
        (tmp_path / name).mkdir()
    downloads = Downloads(tmp_path, lambda _dataset, _rows, _expected: None)
    downloads.clear(["accounts"])
    left = [folder.name for folder in tmp_path.iterdir()]
    assert left == ["related_Contract_Info__c"]
    downloads.clear(["related/Contract_Info__c"])
    assert list(tmp_path.iterdir()) == []
