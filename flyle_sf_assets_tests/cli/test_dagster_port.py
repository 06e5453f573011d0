"""The address of the Dagster UI is that of this installation, not of another at its port."""

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from flyle_sf_assets.cli.servers import dagster_dev
from flyle_sf_assets.cli.servers.serving import free_port
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import open_installation

INFO = "{ instance { info } }"


class _OtherUI(BaseHTTPRequestHandler):
    """What another installation's Dagster UI answers about itself."""

    def do_GET(self) -> None:
        self._answer({"dagster_webserver_version": "1.13.27"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"data": {"instance": {"info": "local_artifact_storage: /of/another"}}})

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Nothing."""


@contextmanager
def other_ui() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _OtherUI)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.timeout(240)
def test_a_ui_of_another_installation_at_the_same_port_is_not_shown_as_ours(
    own_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two `flyle-sf dev` that started together found the same port free; one took it."""
    # Not below pytest's own directory: another account could not pass through to it as root.
    with tempfile.TemporaryDirectory(prefix="flyle-port-") as home, other_ui() as taken:
        environment = Environment.from_environment(
            {"FLYLE_HOME": home, "FLYLE_CONFIG_DIR": f"{home}/config"}
        )
        ports = iter([taken, free_port(0)])
        monkeypatch.setattr(dagster_dev, "free_port", lambda _wanted: next(ports))
        with (
            open_installation(environment) as opened,
            dagster_dev.dagster_ui(opened, log=Path(home) / "dagster-dev.log") as url,
        ):
            assert url != f"http://127.0.0.1:{taken}"
            answer = requests.post(f"{url}/graphql", json={"query": INFO}, timeout=30).json()
            assert home in answer["data"]["instance"]["info"]
