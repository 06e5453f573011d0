"""Which cases a real org is asked: decided by collection, so nothing is skipped unseen."""

import os
import re
import subprocess
import sys
from pathlib import Path

from flyle_sf_assets_tests.conformance import case_table

HERE = Path(__file__).parent


def collected(**environment: str) -> set[str]:
    """The names of the cases that a run with those variables would execute."""
    # A person's own options for pytest would change what it prints.
    kept = {k: v for k, v in os.environ.items() if "CONFORMANCE" not in k and k != "PYTEST_ADDOPTS"}
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", HERE],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parents[1],
        env=kept | environment,
    )
    return set(re.findall(r"::test_(\w+)", found.stdout))


def test_a_real_org_is_asked_only_what_it_allows() -> None:
    """Cases that write or disturb never reach a real org that has not allowed it.

    A suite that wrote into a customer's org because somebody forgot a variable would be the last.
    """
    reading = collected(
        FLYLE_CONFORMANCE_ORG_URL="https://nowhere.example",
        FLYLE_CONFORMANCE_CONSUMER_KEY="key",
        FLYLE_CONFORMANCE_CONSUMER_SECRET="secret",
    )
    assert reading
    assert {case.needs for case in case_table.cases() if case.name in reading} == {"reads"}
    assert {case.name for case in case_table.cases() if case.needs == "reads"} <= reading
