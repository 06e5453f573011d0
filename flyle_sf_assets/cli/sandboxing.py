"""``flyle-sf sandbox``: the sandbox org as a server of its own."""

from flyle_sf_assets.cli.output import to_stdout
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sandbox.serving import serve

CHANGE_EVERY_S = 10.0


def serve_sandbox(*, port: int, is_still: bool) -> None:
    """Serves the two sample orgs on HTTPS until Ctrl-C; they change automatically unless still."""
    folder = Environment.from_environment().home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    serve(
        folder,
        port=port,
        change_every_s=None if is_still else CHANGE_EVERY_S,
        on_ready=_print_access,
    )


def _print_access(server: SandboxServer) -> None:
    """What a settings file and the environment need to reach the orgs (they hold no secrets)."""
    console = to_stdout()
    console.print(f"org URL: {server.url}")
    console.print(f"FLYLE_SF_CA_FILE={server.ca_file}")
    console.print(f"FLYLE_SF_EXTRA_HOSTS={server.url.removeprefix('https://')}")
    for org in server.orgs:
        key, secret = org.consumer_key, org.consumer_secret
        console.print(f"{org.name}: consumer key {key}, consumer secret {secret}")
