"""What of a faulty settings file can be compared with the org, and where it stands in the file."""

from pathlib import Path

import pytest

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.readable_part import ReadablePart, readable_part

HEAD = """tenant: acme
plan: enterprise
display_name: Acme
time_zone: Asia/Tokyo
connection:
  org_url: https://acme.my.salesforce.com
  flow: client_credentials
  consumer_key: {env: ACME_SF_KEY}
  consumer_secret: {env: ACME_SF_SECRET}
"""
SOURCE = """source:
  object: Account
  conditions:
    - {field: Industry, op: eq, value: Energy}
    - {field: Industry, op: between, value: Energy}
    - {field: Rating, op: eq, value: Hot}
"""
MAPPING = """mapping:
  - {from: AnnualRevenue, to: revenue, label: Revenue, type: number}
  - {from: Industry, to: industry, label: Industry, type: hologram}
  - {from: Misspelt__c, to: misspelt, label: Misspelt}
"""


def _part(folder: Path, text: str) -> ReadablePart | None:
    file = folder / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    return readable_part(file, "acme", load_tenant(file).problems)


def test_faulty_items_are_left_out_and_the_others_stay(tmp_path: Path) -> None:
    part = _part(tmp_path, HEAD + SOURCE + MAPPING)
    assert part is not None
    assert [one.from_ for one in part.settings.mapping] == ["AnnualRevenue", "Misspelt__c"]
    fields = [getattr(one, "field", None) for one in part.settings.source.conditions]
    assert fields == ["Industry", "Rating"]


def test_a_problem_is_placed_by_the_number_that_the_item_has_in_the_file(tmp_path: Path) -> None:
    text = HEAD + SOURCE + MAPPING
    part = _part(tmp_path, text)
    assert part is not None
    words = Text("ありません", "is not there")
    found = part.placed(Problem("field_not_found", "mapping[1].from", words, words))
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "Misspelt__c" in line)
    assert (found.path, found.line, found.file) == ("mapping[2].from", line, "acme.yaml")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + MAPPING,
        SOURCE + MAPPING,
        HEAD + "source: Account\n" + MAPPING,
        "- a list\n",
        "tenant: [\n",
        "a: 1\na: 2\n",
    ],
    ids=["no source", "no connection", "source is text", "a list", "cut off", "twice"],
)
def test_without_connection_base_object_or_document_there_is_nothing(
    tmp_path: Path, text: str
) -> None:
    assert _part(tmp_path, text) is None


def test_a_file_that_is_not_there_any_more_is_nothing(tmp_path: Path) -> None:
    assert readable_part(tmp_path / "acme.yaml", "acme", ()) is None
