"""Whatever commands and Dagster write down, no value of a record is in it.

All that a command prints, every row of Dagster's database, and every file of the installation but
the record files. What does not belong here: answers of every kind (``hostile``).
"""

import random
from collections.abc import Iterator

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.site import Site, make_org, site
from flyle_sf_assets_tests.hostile.mutations import every_mutation
from flyle_sf_assets_tests.hostile.overheard import MARK, TOLD, marked
from flyle_sf_assets_tests.hostile.tampering import Answer, TamperedServer

MUTATIONS = (
    "query: a value in the place of the id",
    "query: values as names",
    "query: body cut in half",
    "composite: nested",
)


@pytest.fixture(scope="module")
def there() -> Iterator[TamperedServer]:
    with TamperedServer() as server:
        yield server


@pytest.fixture(scope="module")
def marked_site(tmp_path_factory: pytest.TempPathFactory, there: TamperedServer) -> Iterator[Site]:
    """A tenant whose records hold the mark, one of them a value that is rejected."""
    org = make_org(samples.account_org)
    for place, account in enumerate(org.ids("Account")):
        values = {"Name": f"{MARK} {place}", "Website": f"ftp://{MARK}.example/{place}"}
        org.update("Account", account, {**values, "Phone": f"03-{MARK}-{place}"})
    with site(tmp_path_factory.mktemp("marked"), there) as made:
        mapping = "mapping:\n  - {from: Website, to: site, label: サイト, type: url}\n"
        made.link("acme", org, ("mapping:\n", mapping))
        yield made


def _written(here: Site) -> dict[str, str]:
    texts = {f"command {n}": text for n, text in enumerate(here.told)}
    texts |= {f"dagster {n}": t for n, t in enumerate(here.texts_of(here.dagster_url, "public"))}
    for table in TOLD:
        texts[table] = str(here.query(f"SELECT t::text FROM flyle.{table} t"))  # noqa: S608 - ours
    kept = {here.home / "lake", here.home / "config"}
    for path in here.home.rglob("*"):
        if path.is_file() and kept.isdisjoint(path.parents):
            texts[str(path)] = path.read_bytes().decode(errors="replace")
    return texts


def test_an_honest_org_s_values_are_written_nowhere(marked_site: Site) -> None:
    here = marked_site
    for arguments in (("apply",), ("sync", "acme"), ("census", "acme"), ("status",)):
        answer = here.run("--log-level", "DEBUG", *arguments, "--json")
        assert answer.code == 0, answer.err
    companies = here.query("SELECT name FROM flyle.companies")
    assert companies
    assert all(MARK in name for (name,) in companies)
    assert here.query("SELECT FROM flyle.rejected_records WHERE resolved_at IS NULL")
    written = _written(here)
    assert sum(name.startswith("dagster") for name in written) > 50
    assert marked(written) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_hostile_org_s_values_are_written_nowhere(
    name: str, marked_site: Site, there: TamperedServer
) -> None:
    here = marked_site
    mutation = next(one for one in every_mutation() if one.name == name)
    rng = random.Random(1)

    def by(answer: Answer) -> Answer:
        return mutation.alter(answer, rng) if answer.endpoint == mutation.at else answer

    here.run("apply", "--json")
    there.by = by
    try:
        answer = here.run("--log-level", "DEBUG", "sync", "acme", "--full", "--json")
    finally:
        there.by = None
    assert answer.code != 0
    assert marked(_written(here)) == []
