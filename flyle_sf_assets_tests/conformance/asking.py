"""Asking an org over plain HTTPS: a token, a request, a query, a Bulk job. Nothing clever.

It knows nothing of the product's own Salesforce client, so that a mistake there cannot hide
here. What does not belong here: changing records (``writing.py``) and what is right (the cases).
"""

import csv
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

API_VERSION = "66.0"
BULK_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Target:
    """Which org the suite judges. ``verify`` is a CA bundle's path, or True for the system's."""

    org_url: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    verify: str | bool
    is_sandbox: bool
    poll_s: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """A REST error as documented: an array with the code and the words."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """A finished query job: its last info, the CSV text of each set and the rows by header."""

    job: dict[str, Any]
    sets: tuple[str, ...]
    rows: list[dict[str, str]]

    @property
    def text(self) -> str:
        """The CSV of the first set as it came."""
        return self.sets[0]


def refusal(response: requests.Response) -> Refusal:
    """The error of an answer; fails when the body has not the documented shape."""
    body = response.json()
    assert isinstance(body, list), body
    assert len(body) >= 1, body
    assert {"message", "errorCode"} <= set(body[0]), body
    return Refusal(response.status_code, body[0]["errorCode"], body[0]["message"])


def exact(response: requests.Response) -> Any:
    """The JSON of a good answer, with every fraction as Decimal."""
    assert response.ok, f"{response.status_code} {response.text[:500]}"
    return json.loads(response.text, parse_float=Decimal)


def rows_of(csv_text: str) -> list[dict[str, str]]:
    """The rows of one Bulk result set, by column name."""
    return list(csv.DictReader(io.StringIO(csv_text, newline="")))


class Org:
    """One org, asked as one connected user."""

    def __init__(self, target: Target, session: requests.Session) -> None:
        self.target = target
        self.session = session
        self._grant: dict[str, str] | None = None

    # Tokens

    def ask_token(self, **form: str) -> requests.Response:
        """The token endpoint's answer to that form."""
        return self.session.post(f"{self.target.org_url}/services/oauth2/token", data=form)

    def client_credentials(self, **changes: str) -> requests.Response:
        """The answer to the client credentials flow, with single form fields replaced."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.target.consumer_key,
            "client_secret": self.target.consumer_secret,
        }
        return self.ask_token(**(form | changes))

    @property
    def grant(self) -> dict[str, str]:
        """The token answer that this suite works with; asked for once."""
        if self._grant is None:
            answer = self.client_credentials()
            assert answer.ok, f"{answer.status_code} {answer.text[:500]}"
            self._grant = dict(answer.json())
        return self._grant

    @property
    def org_id(self) -> str:
        """The org's id, from the identity URL."""
        return self.grant["id"].split("/")[-2]

    @property
    def user_id(self) -> str:
        """The connected user's id, from the identity URL."""
        return self.grant["id"].split("/")[-1]

    # Requests

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        version: str = API_VERSION,
        **more: Any,
    ) -> requests.Response:
        """Any request. A path without a leading slash is below ``/services/data/vXX.X/``."""
        place = path if path.startswith("/") else f"/services/data/v{version}/{path}"
        bearer = {"Authorization": f"Bearer {token or self.grant['access_token']}"}
        return self.session.request(
            method,
            f"{self.grant['instance_url']}{place}",
            headers=bearer | dict(headers or {}),
            **more,
        )

    def get(self, path: str, **more: Any) -> requests.Response:
        """A GET; see `call`."""
        return self.call("GET", path, **more)

    def describe(self, sobject: str) -> dict[str, Any]:
        """What describe says of an object."""
        return dict(exact(self.get(f"sobjects/{sobject}/describe")))

    # SOQL

    def ask(self, soql: str, *, all_rows: bool = False, **more: Any) -> requests.Response:
        """The answer to one query (or queryAll), good or bad."""
        return self.get("queryAll" if all_rows else "query", params={"q": soql}, **more)

    def page(self, soql: str, *, all_rows: bool = False) -> dict[str, Any]:
        """The first page of a query."""
        return dict(exact(self.ask(soql, all_rows=all_rows)))

    def records(self, soql: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
        """All records of a query, over all its pages."""
        page = self.page(soql, all_rows=all_rows)
        found = list(page["records"])
        while not page["done"]:
            page = exact(self.get(page["nextRecordsUrl"]))
            found += page["records"]
        return found

    def count(self, sobject: str, where: str = "", *, all_rows: bool = False) -> int:
        """How many records match."""
        soql = f"SELECT COUNT() FROM {sobject}" + (f" WHERE {where}" if where else "")
        return int(self.page(soql, all_rows=all_rows)["totalSize"])

    def refused(self, soql: str) -> Refusal:
        """The error of a query that must not work."""
        answer = self.ask(soql)
        assert not answer.ok, f"accepted: {soql}"
        return refusal(answer)

    # Composite

    def composite(
        self, *subrequests: tuple[str, str], all_or_none: bool = False
    ) -> requests.Response:
        """GETs in one request: pairs of reference id and path (absolute, query included)."""
        body = {
            "allOrNone": all_or_none,
            "compositeRequest": [
                {"method": "GET", "referenceId": name, "url": url} for name, url in subrequests
            ],
        }
        return self.call("POST", "composite", json=body)

    # Bulk API 2.0 query

    def bulk_create(self, soql: str, operation: str = "query", **more: Any) -> requests.Response:
        """The answer to creating a query job."""
        return self.call("POST", "jobs/query", json={"operation": operation, "query": soql}, **more)

    def bulk_delete(self, job_id: str) -> requests.Response:
        """The answer to deleting a query job."""
        return self.call("DELETE", f"jobs/query/{job_id}")

    def bulk_wait(self, job_id: str) -> dict[str, Any]:
        """The job's info once its state is final."""
        deadline = time.monotonic() + BULK_PATIENCE_S
        while True:
            job = dict(exact(self.get(f"jobs/query/{job_id}")))
            if job["state"] in {"JobComplete", "Failed", "Aborted"}:
                return job
            assert time.monotonic() < deadline, f"still {job['state']}: {job_id}"
            time.sleep(self.target.poll_s)

    def bulk(
        self, soql: str, operation: str = "query", *, max_records: int | None = None
    ) -> BulkAnswer:
        """A whole query job, from creation to its deletion."""
        job_id = exact(self.bulk_create(soql, operation))["id"]
        job = self.bulk_wait(job_id)
        assert job["state"] == "JobComplete", job
        sets, locator = [], None
        while locator != "null":
            wanted = {"maxRecords": max_records, "locator": locator}
            answer = self.get(
                f"jobs/query/{job_id}/results",
                params={name: value for name, value in wanted.items() if value is not None},
            )
            assert answer.ok, answer.text[:500]
            answer.encoding = "utf-8"
            sets.append(answer.text)
            locator = answer.headers["Sforce-Locator"]
        self.bulk_delete(job_id)
        return BulkAnswer(job, tuple(sets), [row for text in sets for row in rows_of(text)])


@dataclass(frozen=True)
class Twin:
    """A second sandbox org that a case may disturb: asked from outside, moved from inside."""

    org: Org
    inner: Any
