"""The ground of all trials: a server that can lie, an installation, two synced tenants."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.hostile.overheard import Overheard, mark_records
from flyle_sf_assets_tests.hostile.tampering import TamperedServer
from flyle_sf_assets_tests.hostile.trials import Trial
from flyle_sf_assets_tests.tenant_fixtures import installed


@contextmanager
def open_trial(folder: Path) -> Iterator[Trial]:
    """A synced tenant before a server that can be told to lie, and a neighbour of it."""
    before = dict(os.environ)
    home = folder / "home"
    home.mkdir()
    with TamperedServer() as server, installed(home, server) as installation:
        tenants = []
        for name in ("globex", "acme"):
            org = runs.small_org(3)
            mark_records(org)
            tenant = runs.linked(server, installation, org, name)
            document = _of_two_objects(runs.document(name, "Account", calculated=False))
            tenant.apply(json.dumps(document, ensure_ascii=False))
            tenant.sync()
            tenant.assert_follows_org()
            tenants.append(tenant)
        overheard = Overheard()
        with overheard.listening():
            yield Trial(tenants[-1], server, overheard)
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


def _of_two_objects(document: runs.Document) -> runs.Document:
    """Settings that reach accounts and users alone: a third of what a command costs."""
    paths = ("Region__r.", "ContractInfo.")
    mapping = [one for one in document["mapping"] if not one["from"].startswith(paths)]
    return {**document, "mapping": mapping, "source": {**document["source"], "one_to_one": []}}
