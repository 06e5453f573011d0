"""``flyle-sf console``: the administrator's pages as a server of their own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.console.app import build_app
from flyle_sf_assets.console.demo_users import PATH, sample_user_routes, sample_users
from flyle_sf_assets.console.server import Certificate, listening_socket, serve, served
from flyle_sf_assets.console.settings import ConsoleSettings, console_settings
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.opened import Installation

HOST = "127.0.0.1"
PORT = 3100


def run_console(*, port: int, certfile: Path | None, keyfile: Path | None) -> None:
    """Serves the console until Ctrl-C; over TLS when a certificate is given."""
    certificate = _certificate(certfile, keyfile)
    with installation() as opened:
        listener = listening_socket(HOST, port)
        scheme = "https" if certificate else "http"
        here = f"{scheme}://{HOST}:{listener.getsockname()[1]}"
        settings = console_settings(opened.environment, here)
        to_stdout().print(f"Console: {settings.public_url} (Ctrl-C stops)")
        serve(build_app(opened, settings), listener, certificate)


def local_settings(opened: Installation, port: int) -> ConsoleSettings:
    """The settings of the console at this port of this machine, or at FLYLE_CONSOLE_URL."""
    return console_settings(opened.environment, f"http://{HOST}:{port}")


@contextmanager
def console_server(
    opened: Installation,
    *,
    port: int,
    sample_tenants: Sequence[str] = (),
    to_try: Sequence[tuple[Text, str]] = (),
) -> Iterator[str]:
    """The console beside another server, at another port if this is taken; yields the URL to open.

    With ``sample_tenants`` any visitor may sign in as a sample user of them, and sees the values to
    try the setup with: for the demo only.
    """
    try:
        listener = listening_socket(HOST, port)
    except UsageError:  # taken since it was found free
        listener = listening_socket(HOST, 0)
    settings = local_settings(opened, listener.getsockname()[1])
    users = sample_users(sample_tenants) if sample_tenants else ()
    more = sample_user_routes(users, to_try) if users else ()
    app = build_app(opened, settings, more=more)
    with served(app, listener):
        yield settings.public_url + (PATH if sample_tenants else "")


def _certificate(certfile: Path | None, keyfile: Path | None) -> Certificate | None:
    if certfile is None and keyfile is None:
        return None
    if certfile is None or keyfile is None:
        raise UsageError(
            "certificate_incomplete",
            tried=Text("TLSの証明書を読み取ろうとしました", "Tried to read the TLS certificate"),
            came_back=Text(
                "--certfile と --keyfile の一方だけが指定されています",
                "only one of --certfile and --keyfile is given",
            ),
            remedy=Text(
                "--certfile と --keyfile の両方を指定してください",
                "Give both --certfile and --keyfile",
            ),
        )
    return Certificate(certfile, keyfile)
