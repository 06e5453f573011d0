"""What the same rows cost others: a plain COPY, and the download by simple-salesforce.

Neither does what a sync does: COPY writes rows that are in a file already into a table without
index, and the download leaves CSV files.
"""

import os
import tempfile
from pathlib import Path

import requests
from simple_salesforce.api import Salesforce

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.bench.refresh_site import Load
from flyle_sf_assets_tests.postgres import admin

PLAIN = "CREATE UNLOGGED TABLE plain_copy (LIKE flyle.companies)"
CHUNK_BYTES = 1 << 20
DOWNLOAD_ROWS = 100_000
"""Rows of a page: as many as a sync reads at once."""


def companies_as_csv(installation: Installation, file: Path) -> None:
    """The companies of the last sync, as COPY writes them."""
    with (
        admin(installation.database_url) as connection,
        file.open("wb") as sink,
        connection.cursor().copy("COPY flyle.companies TO STDOUT (FORMAT csv)") as copy,
    ):
        for chunk in copy:
            sink.write(chunk)


def plain_copy(installation: Installation, file: Path) -> None:
    """COPY of that file into a new table of the same columns."""
    with admin(installation.database_url) as connection:
        connection.execute(PLAIN)
        with (
            file.open("rb") as source,
            connection.cursor().copy("COPY plain_copy FROM STDIN (FORMAT csv)") as copy,
        ):
            while chunk := source.read(CHUNK_BYTES):
                copy.write(chunk)
        connection.execute("DROP TABLE plain_copy")


def download(environment: Environment, url: str, load: Load) -> None:
    """Every object of the load, by simple-salesforce's Bulk 2.0, into CSV files."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(environment.sf_ca_file)
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
    salesforce = Salesforce(
        instance_url=url, session_id=answer.json()["access_token"], session=session
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, columns in load.columns.items():
            getattr(salesforce.bulk2, name).download(
                f"SELECT {columns} FROM {name}",  # noqa: S608 - SOQL of our own names
                path=folder,
                max_records=DOWNLOAD_ROWS,
            )
