"""``flyle-sf sandbox``: the sandbox org as a server of its own.

What does not belong here: the org (``sandbox``).
"""

from flyle_sf_assets.cli.dagster_dev import wait_for_interrupt
from flyle_sf_assets.cli.output import to_stdout
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer


def serve_sandbox(*, port: int, is_still: bool) -> None:
    """Serves the two sample orgs on HTTPS until Ctrl-C, and says how to reach them."""
    orgs = [samples.account_org(), samples.opportunity_org()]
    console = to_stdout()
    with SandboxServer(orgs, port=port) as server:
        console.print(f"org URL: {server.url}")
        console.print(f"FLYLE_SF_CA_FILE={server.ca_file}")
        console.print(f"FLYLE_SF_EXTRA_HOSTS={server.url.removeprefix('https://')}")
        for org in orgs:
            console.print(
                f"{org.name}: consumer key {org.consumer_key}, secret {org.consumer_secret}"
            )
        wait_for_interrupt()
