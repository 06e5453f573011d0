"""simple-salesforce at the org of the bench: what the programs of several peers begin with."""

import json
import os
from pathlib import Path

import requests
from simple_salesforce.api import Salesforce

ROWS_OF_A_PAGE = 100_000
"""Of a Bulk download: as many as a sync reads at once."""


def signed_in(url: str, ca_file: str) -> Salesforce:
    """A client with a token of its own; key and secret are in the environment."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file
    answer = session.post(
        f"{url}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["BENCH_SF_KEY"],
            "client_secret": os.environ["BENCH_SF_SECRET"],
        },
        timeout=60,
    )
    answer.raise_for_status()
    token = answer.json()["access_token"]
    return Salesforce(instance_url=url, session_id=token, session=session)


def soql(name: str, columns: str) -> str:
    """The query for all records of an object."""
    return f"SELECT {columns} FROM {name}"  # noqa: S608 - SOQL of our own names


def given_columns(text: str) -> dict[str, str]:
    """The columns to read, by object, as one program gives them to another."""
    return dict(json.loads(text))


def download(salesforce: Salesforce, columns: dict[str, str], folder: str) -> None:
    """Every object by Bulk 2.0, into CSV files in a folder of its name."""
    for name, selected in columns.items():
        place = Path(folder, name)
        place.mkdir()
        getattr(salesforce.bulk2, name).download(
            soql(name, selected), path=str(place), max_records=ROWS_OF_A_PAGE
        )
