"""What the same rows cost others: a plain COPY, and the download by simple-salesforce.

Neither does what a sync does: COPY writes rows that are in a file already into a table without
index, and the download leaves CSV files.
"""

import tempfile
from pathlib import Path

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.bench.peer_programs import salesforce_client
from flyle_sf_assets_tests.bench.refresh_site import Load
from flyle_sf_assets_tests.postgres import admin

PLAIN = "CREATE UNLOGGED TABLE plain_copy (LIKE flyle.companies)"
CHUNK_BYTES = 1 << 20


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
    with tempfile.TemporaryDirectory() as folder:
        salesforce_client.download(
            salesforce_client.signed_in(url, str(environment.sf_ca_file)), load.columns, folder
        )
