"""The Bulk 2.0 download of simple-salesforce: ``bulk_download URL CA_FILE COLUMNS FOLDER``."""

import sys

from flyle_sf_assets_tests.bench.peer_programs.salesforce_client import (
    download,
    given_columns,
    signed_in,
)

if __name__ == "__main__":
    url, ca_file, columns, folder = sys.argv[1:]
    download(signed_in(url, ca_file), given_columns(columns), folder)
