"""The bugs of `make mutants` can be planted: that they are caught takes an hour to see."""

import subprocess
import sys

from flyle_sf_assets_tests.faults import mutants
from flyle_sf_assets_tests.faults.planting import PLANTS


def test_every_bug_fits_the_product() -> None:
    """A file was split, and the bug in it was not planted until somebody ran the whole list.

    In a process of its own, which is full of bugs afterwards.
    """
    fit = subprocess.run(
        [sys.executable, "-m", mutants.__name__, "--fit"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert fit.returncode == 0, fit.stderr
    assert fit.stdout == f"{len(PLANTS)} bugs fit\n"
