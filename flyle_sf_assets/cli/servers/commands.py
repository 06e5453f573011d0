"""The commands that serve until Ctrl-C, and the link that signs in to the console.

They import what they need when they run (``cli/main.py``).
"""

import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flyle_sf_assets.cli.terminal.output import STOPPED, errors_as_exit_codes


class Engine(StrEnum):
    """What makes the runs of a demo."""

    LOCAL = "local"
    CELERY = "celery"


def sandbox(
    *,
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one. [default: 3443]")
    ] = None,
    still: Annotated[bool, typer.Option("--still", help="No changes by itself.")] = False,
) -> None:
    """Serve the sandbox org on HTTPS on loopback until Ctrl-C."""
    from flyle_sf_assets.cli.servers.sandboxing import serve_sandbox

    with errors_as_exit_codes("sandbox", interrupted=STOPPED):
        serve_sandbox(port=port, is_still=still)


def console(
    *,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 3100,
    certfile: Annotated[Path | None, typer.Option(help="TLS certificate, a PEM file.")] = None,
    keyfile: Annotated[Path | None, typer.Option(help="Its key, a PEM file.")] = None,
) -> None:
    """Serve the administrator's console on loopback until Ctrl-C."""
    from flyle_sf_assets.cli.servers.console import run_console

    with errors_as_exit_codes("console", interrupted=STOPPED):
        run_console(port=port, certfile=certfile, keyfile=keyfile)


def sign_in(
    workspace: Annotated[str, typer.Argument(help="The tenant whose pages to open.")],
    *,
    port: Annotated[int, typer.Option(help="Port of the console on this machine.")] = 3100,
) -> None:
    """Print a link that signs in to this machine's console once, within 5 minutes."""
    from flyle_sf_assets.cli.opening import installation

    with errors_as_exit_codes("sign-in") as answer, installation() as opened:
        from flyle_sf_assets.cli.servers.console import local_settings
        from flyle_sf_assets.cli.servers.signing_in import sign_in_link

        link = sign_in_link(opened, local_settings(opened, port), workspace)
        answer.text = link + "\n"


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Check the result and stop.")] = False,
    engine: Annotated[
        Engine, typer.Option(help="What makes the runs: this process, or two Celery workers.")
    ] = Engine.LOCAL,
) -> None:
    """Link two demo tenants to the sandbox org, sync them, open Dagster UI and console."""
    from flyle_sf_assets.cli.servers.serving import stoppable

    with errors_as_exit_codes("demo", interrupted=STOPPED) as answer, stoppable():
        from flyle_sf_assets.cli.servers.demo import run_demo

        answer.exit_code = run_demo(is_once=once, is_on_workers=engine is Engine.CELERY)


def dev() -> None:
    """Open the Dagster UI and the console for real tenants until Ctrl-C."""
    from flyle_sf_assets.cli.servers.serving import stoppable

    with errors_as_exit_codes("dev", interrupted=STOPPED) as answer, stoppable():
        from flyle_sf_assets.cli.servers.dev import run_dev

        answer.exit_code = run_dev()


def worker(
    *,
    name: Annotated[str | None, typer.Option(help="In logs. [default: the machine's]")] = None,
) -> None:
    """Make Dagster's runs on this machine, one at a time, until SIGTERM or Ctrl-C."""
    with errors_as_exit_codes("worker", interrupted=STOPPED) as answer:
        from flyle_sf_assets.cli.servers.broker import require_celery

        require_celery()
        from flyle_sf_assets.cli.servers.worker import run_worker

        answer.exit_code = run_worker(name or socket.gethostname())
