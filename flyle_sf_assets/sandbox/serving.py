"""The sandbox as a process of its own: what ``flyle-sf sandbox`` runs.

It writes ``sandbox.json`` into its folder, so that other processes find it: ``url``, ``ca_file``,
``control_token``, ``pid``, and each org's ``name``, ``consumer_key`` and ``consumer_secret``. What
does not belong here: the command line (``cli``).
"""

import json
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from flyle_sf_assets.sandbox import certificates, samples
from flyle_sf_assets.sandbox.change_feed import ChangeFeed
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer

DESCRIPTION_FILE = "sandbox.json"


def serve(
    folder: Path,
    *,
    orgs: Sequence[Org] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    change_every_s: float | None = None,
    on_ready: Callable[[SandboxServer], None] | None = None,
) -> None:
    """Host orgs (the two samples by default) until SIGINT or SIGTERM.

    ``folder`` keeps the CA, the certificate and ``sandbox.json`` (readable only by the owner).
    With ``change_every_s`` every org changes automatically at that interval.
    """
    hosted = [samples.account_org(), samples.opportunity_org()] if orgs is None else list(orgs)
    server = SandboxServer(hosted, host, port, certs=certificates.kept(folder, host))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    feeds = [ChangeFeed(org, interval_s=change_every_s) for org in hosted if change_every_s]
    with server:
        describe(server, folder)
        for feed in feeds:
            feed.start()
        if on_ready is not None:
            on_ready(server)
        stopped.wait()
        for feed in feeds:
            feed.stop()
    (folder / DESCRIPTION_FILE).unlink(missing_ok=True)


def describe(server: SandboxServer, folder: Path) -> Path:
    """Write ``sandbox.json`` for a running server; returns its path."""
    path = folder / DESCRIPTION_FILE
    orgs = [
        {
            "name": org.name,
            "org_id": org.org_id,
            "consumer_key": org.consumer_key,
            "consumer_secret": org.consumer_secret,
        }
        for org in server.orgs
    ]
    body = {
        "url": server.url,
        "ca_file": server.ca_file,
        "control_token": server.control_token,
        "pid": os.getpid(),
        "orgs": orgs,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(body, indent=2), encoding="utf-8")
    return path
