"""Many looks within a budget: what is reached counts, what hangs is left behind."""

import threading
import time
from collections.abc import Iterator

import pytest

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.damage import unavailable
from flyle_sf_assets.scheduling.poller import PollResult, Verdict, poll
from flyle_sf_assets.store.syncs.schedule_inputs import Agenda

AGENDAS = [Agenda(f"t{number:02d}", 1, "3h", "UTC", "jwt_bearer") for number in range(20)]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end of the test, so that no thread outlives it."""
    opened = threading.Event()
    yield opened
    opened.set()


def test_looks_are_counted_by_what_came_of_them() -> None:
    """The tick's page tells it in one line."""
    verdicts: list[Verdict] = ["work", "idle", "idle", "busy", "failed"]
    by_tenant = dict(zip((a.tenant_id for a in AGENDAS), verdicts * 4, strict=True))
    looked = poll(AGENDAS, lambda agenda: by_tenant[agenda.tenant_id], enough=20)
    assert [a.tenant_id for a in looked.work] == ["t00", "t05", "t10", "t15"]
    assert looked.in_words() == "4 with something to do, 8 idle, 4 busy, 4 failed"
    assert PollResult().in_words() == "nobody is due"


def test_without_time_nobody_is_reached() -> None:
    """Who is not reached stays due: nothing is said about them."""
    looked = poll(AGENDAS, lambda _: "idle", enough=20, budget_s=0.0)
    assert looked.in_words() == "20 not reached, still due"


def test_a_look_that_hangs_is_left_behind_and_takes_no_other_with_it(
    gate: threading.Event,
) -> None:
    """One org that answers after a minute would have ended the tick of all."""

    def look(agenda: Agenda) -> Verdict:
        if agenda.tenant_id == "t03":
            gate.wait(60)
        return "work"

    began = time.monotonic()
    looked = poll(AGENDAS, look, enough=100, budget_s=3.0, grace_s=0.0)
    assert time.monotonic() - began < 50
    assert {a.tenant_id for a in looked.work} == {a.tenant_id for a in AGENDAS} - {"t03"}
    assert looked.unreached == 1


def test_looking_ends_when_enough_need_a_run() -> None:
    """A look that is not followed by a run would be made again at the next tick."""
    looked = poll(AGENDAS, lambda _: "work", enough=3)
    # Those that were being looked at when the third was found count as well.
    assert 3 <= len(looked.work) <= 3 + 8
    assert looked.unreached == 20 - len(looked.work)


def test_tenants_whose_record_files_are_out_of_reach_end_nobody_elses_poll() -> None:
    """They are told apart, with the error, in the order of their turn."""
    error = unavailable("s3://lake", Text("応答なし", "silence"), Text("待つ", "wait"))

    def look(agenda: Agenda) -> Verdict:
        if agenda.tenant_id in ("t03", "t11"):
            raise error
        return "idle"

    looked = poll(AGENDAS, look, enough=20)
    assert [(a.tenant_id, e) for a, e in looked.without_files] == [("t03", error), ("t11", error)]
    assert looked.in_words() == "18 idle, 2 whose record files cannot be reached"


def test_an_error_that_is_everybodys_ends_the_tick() -> None:
    """With the database down nothing was looked at, and nothing may look as if it were idle."""

    def look(_agenda: Agenda) -> Verdict:
        raise ConnectionError("no database")

    with pytest.raises(ConnectionError):
        poll(AGENDAS, look, enough=20)
