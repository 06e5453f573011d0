"""An installation per file for the real command."""

from collections.abc import Iterator

import pytest

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.cli.site import Site, site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[Site]:
    """The installation of this file's tests."""
    with site(tmp_path_factory.mktemp("site"), server) as made:
        yield made
