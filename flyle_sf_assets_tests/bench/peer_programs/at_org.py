"""Runs a connector whose login address is fixed in its code against the org of the bench.

``at_org URL SCRIPT ARGUMENTS...``: requests to Salesforce's login host go to that address instead;
nothing else of the connector is changed. The certificate authority is in REQUESTS_CA_BUNDLE.
"""

import runpy
import sys
from typing import Any

import requests

LOGIN_URL = "https://login.salesforce.com"
_send = requests.adapters.HTTPAdapter.send


def main() -> None:
    """Runs the script as its interpreter would."""
    _, url, *arguments = sys.argv

    def send(
        self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        if request.url and request.url.startswith(f"{LOGIN_URL}/"):
            request.url = url + request.url.removeprefix(LOGIN_URL)
        return _send(self, request, **options)

    # The connectors make adapters of this class themselves: no session of theirs can be given one.
    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign,assignment]
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
