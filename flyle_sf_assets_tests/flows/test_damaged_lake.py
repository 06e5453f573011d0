"""A lost or damaged record file heals: whatever command meets it, the store follows the org again.

Deleted, truncated and bit-flipped files stopped sync, census, ``sync --full`` and connecting for
ever, with a remedy that did not work. While a file is damaged the org changes: records are
deleted, purged and moved of which only the lost file told that they had been in scope.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, cycle, product

import pytest

from flyle_sf_assets.connection.connect import Connected, connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.state.value_provenance import parent_ids
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.flows.damaging import DAMAGES, named_files, rereads
from flyle_sf_assets_tests.flows.killed import refreshing
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import installed

_numbers = count(1)

PLACES = {
    "Account": ("accounts", "related/User", "related/Contract_Info__c", "enriched/Account"),
    "Opportunity": ("opportunities", "accounts", "related/User", "enriched/Opportunity"),
}


def synced(tenant: Tenant) -> None:
    tenant.sync()


def full(tenant: Tenant) -> None:
    tenant.sync(kind="full")


def census(tenant: Tenant) -> None:
    tenant.sync(kind="census")


def reconnected(tenant: Tenant) -> None:
    """A person disconnects, and connects again to the same org."""
    clock = tenant.clock.now
    disconnect(tenant.installation, tenant.name, by="test", clock=clock)
    connected = connect_headless(
        tenant.installation, tenant.name, by="test", replace_org=False, clock=clock
    )
    assert isinstance(connected, Connected)
    tenant.sync()


def previewed(tenant: Tenant) -> None:
    """A preview says what it can, and changes nothing."""
    settings = registered_settings(tenant.installation, tenant.name)
    assert settings is not None
    before = tenant.rows()
    matching = preview(tenant.installation, settings).matching
    # A record that was purged leaves no trace: only a read of the whole base misses it.
    assert matching - len(tenant.there.records(settings.source.object)) in (0, 1)
    assert tenant.rows() == before
    assert rereads(tenant) == []


def remapped(tenant: Tenant) -> None:
    """A settings change that reads one more column, and one less."""
    document = json.loads(tenant.settings)
    document["mapping"] = document["mapping"][1:]
    document["mapping"].append({"from": "CreatedDate", "to": "made", "label": "作成日"})
    tenant.apply(json.dumps(document, ensure_ascii=False))
    tenant.sync()


def shown(tenant: Tenant) -> None:
    """The console's page of a company, which looks its parents up."""
    settings = registered_settings(tenant.installation, tenant.name)
    assert settings is not None
    company = next(iter(tenant.companies()))
    parent_ids(tenant.installation, tenant.name, settings.source.object, company)


def tidied(tenant: Tenant) -> None:
    """The nightly tidying meets it first, a year later."""
    sweep_lake(tenant.installation, datetime(2040, 1, 1, tzinfo=UTC))


def looked_at(tenant: Tenant) -> None:
    """A tick's look, which may not say that there is nothing to do for ever."""
    check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)


COMMANDS: tuple[Callable[[Tenant], None], ...] = (
    synced,
    full,
    census,
    reconnected,
    previewed,
    remapped,
    shown,
    tidied,
    looked_at,
)


def _cases() -> list[tuple[str, str, int, str]]:
    """Every kind of damage with every other command; bases and datasets take turns."""
    bases = cycle(PLACES)
    places = {base: cycle(range(len(names))) for base, names in PLACES.items()}
    found = []
    for damage, command in list(product(DAMAGES, COMMANDS))[::2]:
        base = next(bases)
        found.append((damage, base, next(places[base]), command.__name__))
    return found


CASES = _cases()


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("damaged"), server) as made:
        yield made


def _tenant(installation: Installation, server: SandboxServer, base: str) -> Tenant:
    """A synced tenant, with segments on top of its first files."""
    name = f"damaged{next(_numbers)}"
    tenant = runs.linked(server, installation, runs.small_org(2000), name)
    document = runs.document(name, base, calculated=False)
    tenant.apply(json.dumps(document, ensure_ascii=False))
    tenant.sync()
    tenant.assert_follows_org()
    org = tenant.there
    org.delete(base, org.ids(base)[-1])
    org.update("Account", org.ids("Account")[0], {"Name": "改名"})
    tenant.later(7 * 3600)
    tenant.sync()
    tenant.assert_follows_org()
    return tenant


@pytest.fixture(scope="module")
def neighbours(shared: Installation, server: SandboxServer) -> dict[str, Tenant]:
    """Another tenant of each kind, whose files stay what they are."""
    return {base: _tenant(shared, server, base) for base in PLACES}


def _org_goes_on(tenant: Tenant, base: str, *, purges: bool) -> None:
    """What happens while the file is damaged: changes that its loss must not hide."""
    org = tenant.there
    purged, deleted, changed = org.ids(base)[:3]
    if purges:
        org.hard_delete(base, purged)
    org.delete(base, deleted)
    org.update(base, changed, {"Name": "損傷中に改名"})
    # Not one of the purged account: a refresh would still see that it is gone.
    org.delete("Contract_Info__c", org.ids("Contract_Info__c")[-1])
    org.update("User", org.ids("User")[0], {"LastName": "損傷中に改姓"})


@pytest.mark.parametrize(
    ("damage", "base", "place", "command"),
    CASES,
    ids=[f"{d}-{PLACES[b][p].replace('/', '.')}-{c}" for d, b, p, c in CASES],
)
def test_a_damaged_record_file_heals(
    shared: Installation,
    server: SandboxServer,
    neighbours: dict[str, Tenant],
    damage: str,
    base: str,
    place: int,
    command: str,
) -> None:
    """After the command at most one refresh and one census, and the store is what the org is."""
    tenant = _tenant(shared, server, base)
    dataset = PLACES[base][place]
    theirs = named_files(neighbours[base], dataset)
    file = named_files(tenant, dataset)[0]
    DAMAGES[damage](file, theirs[0])
    # What is purged only a census sees: until then a new column is blank for it, and so is what
    # came from a contract that was purged with it and is missed when all contracts are read.
    is_blanked_first = command == remapped.__name__ or dataset == "related/Contract_Info__c"
    _org_goes_on(tenant, base, purges=not is_blanked_first)
    tenant.later(7 * 3600)
    next(one for one in COMMANDS if one.__name__ == command)(tenant)
    tenant.later(7 * 3600)
    tenant.sync()
    tenant.later(60)
    tenant.sync(kind="census")
    tenant.assert_follows_org()
    assert dataset in rereads(tenant)
    assert all(one.is_file() and not one.is_symlink() for one in named_files(tenant, dataset))
    assert [one for one in theirs if not one.is_file()] == []


@pytest.mark.parametrize("base", PLACES)
def test_a_record_that_only_the_enriched_rows_still_have_makes_no_company(
    shared: Installation, server: SandboxServer, base: str
) -> None:
    """A first sync is killed before its companies are written, and the base file is damaged.

    A record that is deleted meanwhile is told by no company and by no raw record: it came from
    the enriched rows, as a linked company.
    """
    name = f"damaged{next(_numbers)}"
    tenant = runs.linked(server, shared, runs.small_org(2000), name)
    document = runs.document(name, base, calculated=False)
    tenant.apply(json.dumps(document, ensure_ascii=False))
    with refreshing(tenant) as victim:
        for _ in STEPS[:-1]:
            victim.run_step()
        victim.kill()
    dataset = PLACES[base][0]
    named_files(tenant, dataset)[0].unlink()
    deleted = tenant.there.ids(base)[0]
    tenant.there.delete(base, deleted)
    tenant.later(7 * 3600)
    tenant.sync()
    assert rereads(tenant) == [dataset]
    assert deleted not in tenant.companies()
    tenant.assert_follows_org()
