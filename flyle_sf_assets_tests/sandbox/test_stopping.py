"""Stopping the sandbox while clients hold connections open."""

import socket
import ssl
import threading

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer


def test_a_connection_that_its_client_leaves_half_closed_does_not_break_the_stop(org: Org) -> None:
    """Its transport is closed twice, which left nothing to abort and killed the server's thread."""
    before = set(threading.enumerate())  # another test's server may run in this process
    with SandboxServer([org]) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with (
            socket.create_connection((server.host, server.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=server.host) as client,
        ):
            bearer = org.issue_access_token()
            client.sendall(
                f"GET /services/data/v66.0/limits HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
                f"Authorization: Bearer {bearer}\r\nConnection: close\r\n\r\n".encode()
            )
            assert client.recv(15)
            server.stop()
    assert "sandbox" not in {thread.name for thread in set(threading.enumerate()) - before}
