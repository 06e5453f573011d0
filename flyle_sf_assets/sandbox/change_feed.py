"""`ChangeFeed`: an org that changes automatically, as real orgs do, for the demo.

The same seed makes the same changes in the same order. What does not belong here: faults
(``faults.py``).
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from random import Random

from flyle_sf_assets.sandbox.org import Org

Change = Callable[[], str]
"""Makes a change and returns its description."""

_STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
_CLOSED = ("Closed Won", "Closed Lost")
_STOPS_WITHIN_S = 5.0


class ChangeFeed:
    """Makes one plausible change at a time, in a thread every ``interval_s`` or by `step`."""

    def __init__(self, org: Org, *, interval_s: float = 10.0, seed: int = 7) -> None:
        self.org = org
        self.interval_s = interval_s
        self.log: list[str] = []
        self._random = Random(seed)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._made = 0
        # (weight, change): sales people move deals far more often than administrators add options.
        self._changes: tuple[tuple[int, Change], ...] = (
            (8, self._move_stage),
            (8, self._change_amount),
            (6, self._change_account),
            (3, self._new_account),
            (3, self._new_opportunity),
            (1, self._delete_opportunity),
            (1, self._undelete_opportunity),
            (1, self._add_option),
        )

    def start(self) -> None:
        """Change the org until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="change-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop changing the org."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=_STOPS_WITHIN_S)
            self._thread = None

    def step(self) -> str:
        """Make one change and return its description."""
        weights = [weight for weight, _ in self._changes]
        ((_, change),) = self._random.choices(self._changes, weights)
        self._made += 1
        told = change()
        self.log.append(told)
        return told

    def _run(self) -> None:
        while not self._stop.wait(self.interval_s):
            self.step()

    def _one(self, object_name: str) -> str:
        return self._random.choice(self.org.ids(object_name))

    def _move_stage(self) -> str:
        deal = self._one("Opportunity")
        stage = self._random.choice(_STAGES)
        values = {
            "StageName": stage, "IsClosed": stage in _CLOSED, "IsWon": stage == "Closed Won",
        }  # fmt: skip
        self.org.update("Opportunity", deal, values)
        return f"Opportunity {deal}: StageName → {stage}"

    def _change_amount(self) -> str:
        deal = self._one("Opportunity")
        amount = f"{self._random.randrange(10**8)}.{self._random.randrange(100):02d}"
        self.org.update("Opportunity", deal, {"Amount": amount})
        return f"Opportunity {deal}: Amount → {amount}"

    def _change_account(self) -> str:
        account = self._one("Account")
        employees = self._random.choice((12, 150, 900, 2_400, 31_000))
        plan = self._random.choice(("Free", "Standard", "Professional", "Enterprise"))
        values = {"NumberOfEmployees": employees, "Contract_Plan__c": plan}
        self.org.update("Account", account, values)
        return f"Account {account}: NumberOfEmployees → {employees}, Contract_Plan__c → {plan}"

    def _new_account(self) -> str:
        values = {"Name": f"新規取引先株式会社 {self._made}", "Type": "Prospect"}
        return f"Account {self.org.insert('Account', values)}: new"

    def _new_opportunity(self) -> str:
        values = {
            "Name": f"新規案件 {self._made}", "AccountId": self._one("Account"),
            "StageName": "Prospecting",
            "CloseDate": self.org.now().date() + timedelta(days=30),
        }  # fmt: skip
        return f"Opportunity {self.org.insert('Opportunity', values)}: new"

    def _delete_opportunity(self) -> str:
        deal = self._one("Opportunity")
        self.org.delete("Opportunity", deal)
        return f"Opportunity {deal}: deleted"

    def _undelete_opportunity(self) -> str:
        live = set(self.org.ids("Opportunity"))
        bin_ = [i for i in self.org.ids("Opportunity", include_deleted=True) if i not in live]
        if not bin_:
            return self._move_stage()
        deal = self._random.choice(bin_)
        self.org.undelete("Opportunity", deal)
        return f"Opportunity {deal}: undeleted"

    def _add_option(self) -> str:
        value = f"Stage {self._made}"
        self.org.add_option("Opportunity", "StageName", value, f"フェーズ {self._made}")
        deal = self._one("Opportunity")
        self.org.update("Opportunity", deal, {"StageName": value})
        return f"Opportunity.StageName: new option {value}, on {deal}"
