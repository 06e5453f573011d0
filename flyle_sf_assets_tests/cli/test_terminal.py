"""What a person sees in a terminal of 80 columns: whole screens, compared with ``screens/``.

`UPDATE_SCREENS=1` writes the expected screens; read the difference before you commit it.
"""

import pytest

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.cli.terminal import INTERRUPT, assert_screen, terminal

JAPANESE = "ja_JP.UTF-8"


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org(accounts=12, opportunities=0)


@pytest.fixture(scope="module")
def first(here: Site, org: Org) -> tuple[Site, str, list[str]]:
    """The site after its first sync on a terminal, the last screen, and all screens."""
    here.link("acme", org)
    with terminal(here, "sync", "acme") as shown:
        assert shown.end() == 0, shown.text
        return here, shown.text, shown.frames


@pytest.fixture
def synced(first: tuple[Site, str, list[str]], org: Org) -> Site:
    """The site with an org that answers, as after its first sync."""
    org.faults.clear()
    first[0].change("UPDATE flyle.links SET retry_at = NULL, failures = 0")
    first[0].change("DELETE FROM flyle.syncs WHERE state <> 'done'")
    return first[0]


@pytest.fixture
def down(synced: Site, org: Org) -> Site:
    """The same while the org does not answer; only logging in works."""
    for path in ("/composite", "/query", "/sobjects"):
        org.faults.add(Fault(FaultKind.STATUS, path, status=503, times=999))
    return synced


def test_a_sync_shows_its_progress_and_ends_in_one_line(
    first: tuple[Site, str, list[str]],
) -> None:
    _, last, frames = first
    assert_screen("sync", last)
    assert any("acme accounts" in frame for frame in frames)
    assert any("acme write_companies" in frame or "acme companies" in frame for frame in frames)


def test_retries_are_one_updating_line_and_the_error_stands_there_once(down: Site) -> None:
    """Eight log lines of the retry library, the error three times, in two languages."""
    with terminal(down, "sync", "acme") as shown:
        assert shown.end() == 5
    assert_screen("org_down", shown.text)
    retries = [line for frame in shown.frames for line in frame.splitlines() if "again" in line]
    assert {line[line.index("again") :].rstrip() for line in retries} >= {
        f"again {attempt}/5" for attempt in (2, 3, 4, 5)
    }
    assert all(frame.count("trying again") <= 1 for frame in shown.frames)
    assert not [frame for frame in shown.frames if "stamina" in frame or "Traceback" in frame]


def test_ctrl_c_says_that_nothing_is_lost_and_when_it_goes_on(down: Site) -> None:
    """The terminal showed ^C and nothing else."""
    with terminal(down, "sync", "acme") as shown:
        shown.wait_for(lambda text: "trying again 3/5" in text)
        shown.press(INTERRUPT)
        assert shown.end() == 130
    assert_screen("ctrl_c", shown.text)


def test_the_status_of_a_tenant_fits_a_screen(synced: Site) -> None:
    for language, name in (("C.UTF-8", "status"), (JAPANESE, "status_ja")):
        with terminal(synced, "status", "acme", LANG=language) as shown:
            assert shown.end() == 0
        assert_screen(name, shown.text)


def test_the_page_says_why_the_last_sync_was_postponed(down: Site) -> None:
    """It said Postponed twice, and not why: the link needs no person yet."""
    with terminal(down, "sync", "acme") as shown:
        assert shown.end() == 5
    with terminal(down, "status", "acme", LANG=JAPANESE) as shown:
        assert shown.end() == 0
    assert_screen("status_postponed_ja", shown.text)


def test_companies_are_listed_on_one_line_each(synced: Site) -> None:
    with terminal(synced, "companies", "acme", "--limit", "5") as shown:
        assert shown.end() == 0
    assert_screen("companies", shown.text)
    with terminal(synced, "companies", "acme", "--limit", "2", "--lang", "ja") as shown:
        assert shown.end() == 0
    assert_screen("companies_ja", shown.text)


def test_an_error_is_in_the_language_that_was_asked_for(synced: Site) -> None:
    """`--lang` wins over the locale, wherever it stands; usage errors are no exception."""
    with terminal(synced, "status", "nobody", "--lang", "ja") as shown:
        assert shown.end() == 4
    assert_screen("error_ja", shown.text)
    with terminal(synced, "status", LANG=JAPANESE, FLYLE_LOG_LEVEL="LOUD") as shown:
        assert shown.end() == 2
    assert_screen("log_level_ja", shown.text)
