"""Faults of the org, of the network and of our own process while a refresh runs.

A refresh either runs to its end and is judged like any other, or fails as the errors of the
product say and leaves the companies as they were. What does not belong here: changes of the org.
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import Machine
from flyle_sf_assets_tests.faults.mortal import When
from flyle_sf_assets_tests.flows.damaging import (
    Damage,
    all_named_files,
    bit_flipped,
    deleted,
    emptied,
    footer_zeroed,
    truncated,
)

PASSING = (
    (FaultKind.STATUS, 503),
    (FaultKind.STATUS, 500),
    (FaultKind.STATUS, 429),
    (FaultKind.RESET, 0),
    (FaultKind.TRUNCATED, 0),
    (FaultKind.TRUNCATED_SILENTLY, 0),
    (FaultKind.TRUNCATED_SILENTLY, 0),
    (FaultKind.SESSION_EXPIRED, 0),
)
"""Once in a refresh: tried again, and nothing is lost. The one without any sign is met twice."""

LASTING = (
    (FaultKind.STATUS, 503),
    (FaultKind.LIMIT_EXCEEDED, 403),
    (FaultKind.RESET, 0),
    (FaultKind.TRUNCATED_SILENTLY, 0),
)
OF_BULK = (
    (FaultKind.JOB_FAILED, "/jobs/query"),
    (FaultKind.JOB_ABORTED, "/jobs/query"),
    (FaultKind.WRONG_ROW_COUNT, "/jobs/query"),
    (FaultKind.TRUNCATED_SILENTLY, "/jobs/query"),
)
RECORDED_PASSING = ("login_in_progress", "transaction_security")
RECORDED_LASTING = ("password_expired", "url_not_reset", "query_not_supported", "too_many_ids")
"""What real orgs were recorded to answer (``sandbox/recorded_answers.py``), also in Japanese."""

LANGUAGES = st.sampled_from(["ja", "ja", "en"])
BASE_FOLDERS = ("accounts", "opportunities")
DAMAGED_ALONE = (deleted, truncated, emptied, bit_flipped, footer_zeroed)
PLACES = st.integers(0, 12)
RAW_STEPS = 4
"""Schemas and the three raw assets."""
KINDS_OF_REFRESH = st.sampled_from(["refresh", "refresh", "refresh", "sweep", "census", "full"])
FRACTIONS = st.sampled_from([0.0, 0.5, 0.9, 0.99])


class FaultRules(Machine):
    """Rules that break a refresh somewhere."""

    @rule(fault=st.sampled_from(PASSING), skip=PLACES, kind=KINDS_OF_REFRESH, fraction=FRACTIONS)
    def passing_fault(
        self, fault: tuple[FaultKind, int], skip: int, kind: RefreshKind, fraction: float
    ) -> None:
        """One request goes wrong; the refresh does not."""
        # An answer to the login itself says something else.
        at = "/composite" if fault[0] is FaultKind.SESSION_EXPIRED else "/"
        skip = skip % 4 if at != "/" else skip
        planned = self._plan(Fault(fault[0], at, skip=skip, status=fault[1], fraction=fraction))
        try:
            self.world.refresh(kind)
        finally:
            self.org.faults.clear()
        if planned.hits:
            did(f"passing {fault[0]}")

    @rule(fault=st.sampled_from(LASTING), skip=PLACES, kind=KINDS_OF_REFRESH)
    def lasting_fault(self, fault: tuple[FaultKind, int], skip: int, kind: RefreshKind) -> None:
        """From some request on all of them go wrong: the refresh fails, and nothing is changed."""
        planned = self._plan(Fault(fault[0], skip=skip, status=fault[1], times=10_000))
        try:
            is_done = self.world.attempt(kind)
        finally:
            self.org.faults.clear()
        assert is_done == (planned.hits == 0), "a fault passed unseen, or failed without one"
        if planned.hits:
            did(f"lasting {fault[0]}")

    @rule(fault=st.sampled_from(OF_BULK), skip=st.integers(0, 2), times=st.sampled_from([1, 99]))
    def bulk_fault(self, fault: tuple[FaultKind, str], skip: int, times: int) -> None:
        """A Bulk job, one of its result pages, goes wrong."""
        tenant = self.world.tenant
        kept, tenant.rest_rows_max = tenant.rest_rows_max, 0
        planned = self._plan(Fault(fault[0], fault[1], skip=skip, times=times))
        try:
            is_done = self.world.attempt("full")
        finally:
            self.org.faults.clear()
            tenant.rest_rows_max = kept
        assert is_done or planned.hits
        did("bulk read")
        if planned.hits:
            did(f"bulk {fault[0]}")

    @rule(
        answer=st.sampled_from(RECORDED_PASSING),
        language=LANGUAGES,
        skip=PLACES,
        kind=KINDS_OF_REFRESH,
    )
    def recorded_passing(self, answer: str, language: str, skip: int, kind: RefreshKind) -> None:
        """An answer that passes by itself, in whatever language; the refresh does not notice."""
        # A refresh logs in once.
        skip = 0 if answer == "login_in_progress" else skip
        planned = self._plan(Fault(FaultKind.RECORDED, answer=answer, language=language, skip=skip))
        try:
            self.world.refresh(kind)
        finally:
            self.org.faults.clear()
        if planned.hits:
            did(f"recorded {answer}")

    @rule(
        answer=st.sampled_from(RECORDED_LASTING),
        language=LANGUAGES,
        skip=PLACES,
        kind=KINDS_OF_REFRESH,
    )
    def recorded_lasting(self, answer: str, language: str, skip: int, kind: RefreshKind) -> None:
        """An answer that only a person ends: the refresh fails, and nothing is changed."""
        planned = self._plan(
            Fault(FaultKind.RECORDED, answer=answer, language=language, skip=skip, times=10_000)
        )
        try:
            is_done = self.world.attempt(kind)
        finally:
            self.org.faults.clear()
        assert is_done == (planned.hits == 0), "a refusal passed unseen, or failed without one"
        if planned.hits:
            did(f"recorded {answer}")

    @rule(language=LANGUAGES, times=st.sampled_from([1, 99]), kind=KINDS_OF_REFRESH)
    def job_crashed(self, language: str, times: int, kind: RefreshKind) -> None:
        """Bulk jobs break inside Salesforce: the same rows come over REST."""
        tenant = self.world.tenant
        kept, tenant.rest_rows_max = tenant.rest_rows_max, 0
        planned = self._plan(
            Fault(FaultKind.RECORDED, answer="job_crashed", language=language, times=times)
        )
        try:
            self.world.refresh(kind)
        finally:
            self.org.faults.clear()
            tenant.rest_rows_max = kept
        if planned.hits:
            did("recorded job_crashed")

    @rule(times=st.sampled_from([1, 99]))
    def lost_locator(self, times: int) -> None:
        """A query locator is unknown when its next page is asked for."""
        org = self.org
        kept, org.rest_page_rows = org.rest_page_rows, 2
        planned = self._plan(Fault(FaultKind.LOCATOR_LOST, "/query", times=times))
        try:
            is_done = self.world.attempt("full")
        finally:
            org.faults.clear()
            org.rest_page_rows = kept
        assert is_done or planned.hits
        if planned.hits:
            did("lost locator")

    @rule(number=st.integers(0, 99))
    def kill_then_more_changes(self, number: int) -> None:
        """What was read before the kill is owed, also when the next refresh reads other rows."""
        records = self.live(self.base)
        if len(records) < 2:
            return
        for place in (number, number + 1):
            name = f"改名 {self.world.steps} {place}"
            self.org.update(self.base, records[place % len(records)], {"Name": name})
            if place == number:
                self.world.kill("refresh", after_steps=RAW_STEPS)
        self.world.refresh()
        did("kill, then more changes")

    @rule(steps=st.integers(0, 7), kind=KINDS_OF_REFRESH)
    def kill_between_steps(self, steps: int, kind: RefreshKind) -> None:
        """The process dies between two assets: the rest is owed."""
        self.world.kill(kind, after_steps=steps)
        did("kill between steps")

    @rule(
        dies_at=st.integers(1, 60),
        when=st.sampled_from(["before", "inside"]),
        kind=KINDS_OF_REFRESH,
    )
    def kill_at_transaction(self, dies_at: int, when: When, kind: RefreshKind) -> None:
        """The process dies at a transaction: its files are written, its commit never came."""
        if self.world.kill(kind, dies_at=dies_at, when=when):
            did("kill at a commit")

    @rule(
        number=st.integers(0, 99),
        damage=st.sampled_from(DAMAGED_ALONE),
        kind=KINDS_OF_REFRESH,
    )
    def damaged_record_file(self, number: int, damage: Damage, kind: RefreshKind) -> None:
        """The disk loses a file, or some of it: the refresh reads its dataset again.

        A record is deleted in the same hours: what is read again does not bring it.
        """
        files = all_named_files(self.world.tenant)
        if not files:
            return
        files += [file for file in files if file.parts[-2] in BASE_FOLDERS] * 3
        if len(self.live(self.base)) > 1 and (record := self.pick(number, self.base)):
            self.org.delete(self.base, record)
            self.moved(self.base)
            self.moved("Opportunity")
        damage(file := files[number % len(files)], file)
        # Of records that ended nobody but that file may have told what they held.
        self.world.raw.clear()
        self.world.refresh(kind)
        did("damaged record file")

    def _plan(self, fault: Fault) -> Fault:
        return self.org.faults.add(fault)
