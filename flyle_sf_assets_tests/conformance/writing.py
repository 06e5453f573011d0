"""Changing records: over Salesforce's own interfaces on a real org, in process on the sandbox.

The sandbox is read-only over HTTPS, so its records change through `Org`'s methods; a real org
has collections (REST) for create, update and delete, and only SOAP for undelete and merge.
What does not belong here: which records a case needs (``conftest.py``).
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from xml.sax.saxutils import escape

from flyle_sf_assets_tests.conformance import asking

COLLECTION_MAX = 200


class Records(Protocol):
    """What the cases that write need of an org. Ids are 18 characters."""

    def create(self, sobject: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """The ids of the new records, in order."""
        ...

    def update(self, sobject: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Changes records by id, in one request."""
        ...

    def delete(self, sobject: str, ids: Iterable[str]) -> None:
        """Moves records to the Recycle Bin."""
        ...

    def undelete(self, sobject: str, ids: Iterable[str]) -> None:
        """Takes records back from the Recycle Bin."""
        ...

    def merge(self, sobject: str, master: str, loser: str) -> None:
        """Merges one record into another."""
        ...

    def let_a_second_pass(self) -> None:
        """Returns when the org's clock shows another second: stamps have no finer grain."""
        ...


class RealRecords:
    """Records of a real org. `clean_up` deletes what was created and is left."""

    def __init__(self, org: asking.Org) -> None:
        self._org = org
        self._created: list[str] = []

    def create(self, sobject: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """See `Records`. Attempted in requests of up to 200 records."""
        ids: list[str] = []
        for start in range(0, len(rows), COLLECTION_MAX):
            part = rows[start : start + COLLECTION_MAX]
            answer = self._collection(
                "POST", [{"attributes": {"type": sobject}, **row} for row in part]
            )
            ids += [result["id"] for result in answer]
            self._created += ids[start:]
        return ids

    def update(self, sobject: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """See `Records`; at most 200 records, so that it is one transaction."""
        assert len(changes) <= COLLECTION_MAX
        self._collection(
            "PATCH",
            [{"attributes": {"type": sobject}, "id": i, **row} for i, row in changes.items()],
        )

    def delete(self, sobject: str, ids: Iterable[str]) -> None:  # noqa: ARG002 - ids suffice here
        """See `Records`."""
        wanted = list(ids)
        for start in range(0, len(wanted), COLLECTION_MAX):
            part = ",".join(wanted[start : start + COLLECTION_MAX])
            answer = asking.exact(
                self._org.call("DELETE", "composite/sobjects", params={"ids": part})
            )
            assert all(result["success"] for result in answer), answer

    def undelete(self, sobject: str, ids: Iterable[str]) -> None:  # noqa: ARG002 - as above
        """See `Records`; by the SOAP API."""
        listed = "".join(f"<urn:ids>{escape(i)}</urn:ids>" for i in ids)
        self._soap(f"<urn:undelete>{listed}</urn:undelete>")

    def merge(self, sobject: str, master: str, loser: str) -> None:
        """See `Records`; by the SOAP API."""
        self._soap(
            "<urn:merge><urn:request><urn:masterRecord>"
            f"<sf:type>{sobject}</sf:type><sf:Id>{master}</sf:Id></urn:masterRecord>"
            f"<urn:recordToMergeIds>{loser}</urn:recordToMergeIds></urn:request></urn:merge>"
        )

    def let_a_second_pass(self) -> None:
        """See `Records`."""
        time.sleep(1.1)

    def clean_up(self) -> None:
        """Deletes the created records that still exist, children first."""
        left = list(reversed(self._created))
        self._created = []
        for start in range(0, len(left), COLLECTION_MAX):
            part = ",".join(left[start : start + COLLECTION_MAX])
            self._org.call(
                "DELETE", "composite/sobjects", params={"ids": part, "allOrNone": "false"}
            )

    def _collection(self, method: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = {"allOrNone": True, "records": records}
        answer = asking.exact(self._org.call(method, "composite/sobjects", json=body))
        assert all(result["success"] for result in answer), answer
        return list(answer)

    def _soap(self, body: str) -> None:
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:urn="urn:partner.soap.sforce.com" '
            'xmlns:sf="urn:sobject.partner.soap.sforce.com"><env:Header><urn:SessionHeader>'
            f"<urn:sessionId>{self._org.grant['access_token']}</urn:sessionId>"
            f"</urn:SessionHeader></env:Header><env:Body>{body}</env:Body></env:Envelope>"
        )
        answer = self._org.session.post(
            f"{self._org.grant['instance_url']}/services/Soap/u/{asking.API_VERSION}",
            data=envelope.encode(),
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        )
        assert answer.ok, answer.status_code
        assert "<success>true</success>" in answer.text, answer.text[:1000]


class SandboxRecords:
    """Records of a sandbox org, changed in process."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._ahead_s = 0

    def create(self, sobject: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """See `Records`."""
        return list(self._inner.insert_many(sobject, rows))

    def update(self, sobject: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """See `Records`; all records must take the same values to share one transaction."""
        values = list(changes.values())
        assert all(value == values[0] for value in values)
        self._inner.mass_update(sobject, list(changes), values[0])

    def delete(self, sobject: str, ids: Iterable[str]) -> None:
        """See `Records`."""
        self._inner.delete(sobject, *ids)

    def undelete(self, sobject: str, ids: Iterable[str]) -> None:
        """See `Records`."""
        self._inner.undelete(sobject, *ids)

    def merge(self, sobject: str, master: str, loser: str) -> None:
        """See `Records`."""
        self._inner.merge(sobject, master, [loser])

    def let_a_second_pass(self) -> None:
        """See `Records`; the sandbox's clock is simply put forward."""
        self._ahead_s += 1
        self._inner.set_clock_skew(self._ahead_s)
