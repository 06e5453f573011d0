"""``A;B`` as a list, on hostile texts."""

import polars as pl
import pytest

from flyle_sf_assets.options.multipicklist import selected_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B;A", ["A", "B"]),
        ("A;;B;", ["A", "B"]),
        (";A", ["A"]),
        ("A;A", ["A"]),
        ("z;B;y;A", ["A", "B", "z", "y"]),
        ("a;A", ["A", "a"]),
        (" A;A ", [" A", "A "]),
        (";", None),
        ("", None),
        (None, None),
    ],
    ids=str,
)
def test_a_text_gives_its_values_once_each_in_order(
    text: str | None, expected: list[str] | None
) -> None:
    """Described values first; case and spaces count, as they do for API names."""
    frame = pl.DataFrame({"text": [text, "B"]}, schema={"text": pl.String})
    lists = frame.select(selected_values(pl.col("text"), ["A", "B", "A"])).to_series()
    assert lists.dtype == pl.List(pl.String)
    assert lists.to_list() == [expected, ["B"]]


def test_rows_keep_their_places() -> None:
    """Lists are made once per distinct text and must go back to every row that has it."""
    texts = [f"{i % 7};x" if i % 3 else None for i in range(1000)]
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    lists = frame.select(selected_values(pl.col("text"), ["x"])).to_series().to_list()
    assert lists == [None if text is None else ["x", text[0]] for text in texts]
