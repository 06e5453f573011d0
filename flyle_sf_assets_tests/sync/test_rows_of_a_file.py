"""Enriched rows that are read part by part are those of the file, once each and in its order."""

from pathlib import Path

import polars as pl
import pytest

from flyle_sf_assets.sync.load import company_writer
from flyle_sf_assets.sync.load.company_writer import EnrichedRows


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_every_row_comes_once(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than are read at once need a tenant of 200,000 companies otherwise."""
    monkeypatch.setattr(company_writer, "READ_ROWS", 10)
    ids = pl.Series("Id", [f"{n:018d}" for n in reversed(range(count))], dtype=pl.String)
    written = pl.DataFrame({"Id": ids, "Name": ids + " K.K."})
    written.write_parquet(tmp_path / "rows.parquet")
    rows = EnrichedRows.all_of_file(pl.scan_parquet(tmp_path / "rows.parquet"))
    slices = list(rows.unconsumed.slices(4))
    assert all(1 <= one.height <= 4 for one in slices if count)
    assert pl.concat([written.clear(), *slices]).equals(written)
    assert rows.unconsumed.ids.equals(ids)
    assert rows.rest.is_empty()
    assert rows.rest.columns == written.columns
