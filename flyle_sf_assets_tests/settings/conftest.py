"""Settings files to try: the public contract's example, and edits of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flyle_sf_assets.settings.loading import Loaded, load_tenant

CONTRACT_EXAMPLE = (Path(__file__).parent / "contract_example.yaml").read_text("utf-8")

Load = Callable[[str], Loaded]
LoadEdited = Callable[..., Loaded]


@pytest.fixture
def contract_example() -> str:
    """The settings file of the public contract, word for word."""
    return CONTRACT_EXAMPLE


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes a text to ``acme.yaml`` and loads it."""

    def write_and_load(text: str) -> Loaded:
        path = tmp_path / "acme.yaml"
        path.write_text(text, "utf-8")
        return load_tenant(path)

    return write_and_load


@pytest.fixture
def load_edited(load: Load) -> LoadEdited:
    """Loads the contract's example after replacing texts that must stand in it exactly once."""

    def edit_and_load(*edits: tuple[str, str]) -> Loaded:
        text = CONTRACT_EXAMPLE
        for before, after in edits:
            assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times"
            text = text.replace(before, after)
        return load(text)

    return edit_and_load
