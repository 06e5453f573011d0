"""What people paste: ids, addresses of record pages, names."""

import pytest

from flyle_sf_assets.explain.references import record_id_in

ID = "0015i00000Ab3dEAAR"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID[:15],
        f"  {ID}\n",
        f"https://acme.lightning.force.com/lightning/r/Account/{ID}/view",
        f"https://acme.my.salesforce.com/{ID[:15]}",
        f"https://acme.my.salesforce.com/{ID}?nooverride=1",
        f"https://acme.lightning.force.com/one/one.app#/sObject/{ID}/view",
        f"https://acme.lightning.force.com/lightning/o/Account/list?back=%2F{ID}",
        f"acme.lightning.force.com/lightning/r/{ID}/view",
    ],
)
def test_an_id_is_found_wherever_it_stands(text: str) -> None:
    assert record_id_in(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "株式会社アクメ",
        "Acme Corporation",
        "0015i00000Ab3dEAAX",
        "https://acme.lightning.force.com/lightning/o/Opportunity/list",
        "https://0015i00000Ab3dEAAR/view",
        "../../etc/passwd",
        "x" * 5_000,
    ],
)
def test_what_names_no_record_has_no_id(text: str) -> None:
    """A wrong checksum is no id; a host is no record; a word of 15 letters is none."""
    assert record_id_in(text) is None
