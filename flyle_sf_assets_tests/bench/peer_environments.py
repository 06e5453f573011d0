"""The environments of the peers, each with its pinned packages, and the commands that run in them.

What does not belong here: what is measured and judged (``peers.py``).
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyle_sf_assets_tests.processes import ROOT

PINNED = {
    "dlt": (
        "dlt[duckdb,postgres]==1.31.0",
        "duckdb==2.0.1",
        "pyarrow==26.0.1",
        "simple-salesforce==1.12.10",
    ),
    "tap-salesforce": ("tap-salesforce==2.8.1",),
    "airbyte": ("airbyte-source-salesforce==2.10.3",),
}
"""What is installed for each peer; what these need in turn is the newest of the day."""

PROGRAMS = "flyle_sf_assets_tests.bench.peer_programs"
BEGINNING = "2000-01-01T00:00:00Z"
"""Connectors that want a date to start from: every record is younger."""


@dataclass(frozen=True)
class Reach:
    """How a peer reaches the org: what a person would put into its configuration."""

    url: str
    ca_file: str
    key: str
    secret: str
    refresh_token: str


def made_environment(peer: str, folder: Path) -> Path:
    """The interpreter of the peer's environment, which is made when there is none for its pins."""
    pins = PINNED[peer]
    mark = hashlib.sha256("\n".join((sys.version, *pins)).encode()).hexdigest()[:8]
    home = folder / f"{peer}-{mark}"
    python, made = home / "bin" / "python", home / ".made"
    if not made.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*install, *pins], check=True)
        made.touch()
    return python


def peer_variables(reach: Reach, home: Path) -> dict[str, str]:
    """The environment variables of every peer; nothing that it keeps lies outside of ``home``."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TMPDIR": str(home),
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": reach.ca_file,
        "BENCH_SF_KEY": reach.key,
        "BENCH_SF_SECRET": reach.secret,
        "DLT_DATA_DIR": str(home / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
    }


def program(python: Path, name: str, *arguments: str) -> list[str]:
    """One of ``peer_programs`` in a peer's environment."""
    return [str(python), "-P", "-m", f"{PROGRAMS}.{name}", *arguments]


def connector(python: Path, script: str, reach: Reach, *arguments: str) -> list[str]:
    """A connector's own command, whose login goes to the org of the bench."""
    return program(python, "at_org", reach.url, str(python.with_name(script)), *arguments)


def tap_settings(reach: Reach) -> dict[str, str]:
    """tap-salesforce over REST: its other way is Bulk API 1.0, which the sandbox does not have."""
    return {
        "client_id": reach.key,
        "client_secret": reach.secret,
        "refresh_token": reach.refresh_token,
        "start_date": BEGINNING,
        "api_type": "REST",
        "select_fields_by_default": "false",
    }


def airbyte_settings(reach: Reach) -> dict[str, object]:
    """Airbyte's source, by Bulk 2.0 for both objects: for Account it would take REST by itself.

    It reads every field that its user may see, so the bench's org hides the others.
    """
    return {
        "client_id": reach.key,
        "client_secret": reach.secret,
        "refresh_token": reach.refresh_token,
        "start_date": BEGINNING,
        "force_use_bulk_api": True,
    }


def selected_of_singer(
    catalog: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """A discovered Singer catalog with these columns selected, each object read as a whole."""
    streams = []
    for stream in catalog["streams"]:
        if stream["stream"] not in columns:
            continue
        wanted = columns[stream["stream"]].split(", ")
        entries = []
        for entry in stream["metadata"]:
            is_selected = not entry["breadcrumb"] or entry["breadcrumb"][-1] in wanted
            entries.append({**entry, "metadata": {**entry["metadata"], "selected": is_selected}})
        streams.append({**stream, "metadata": entries})
    return {"streams": streams}


def configured_of_airbyte(
    messages: Iterable[bytes], columns: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """The configured catalog for a full refresh of these objects, from what ``discover`` wrote."""
    streams = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        for message in _parsed(messages, "CATALOG")
        for stream in message["catalog"]["streams"]
        if stream["name"] in columns
    ]
    return {"streams": streams}


def counted_records(messages: Iterable[bytes]) -> dict[str, int]:
    """Different records by object among the messages of a Singer tap or an Airbyte source."""
    found: dict[str, set[str]] = {}
    for message in _parsed(messages, "RECORD"):
        record = message["record"]
        name, fields = (
            (message["stream"], record)
            if "stream" in message
            else (record["stream"], record["data"])
        )
        found.setdefault(name, set()).add(fields["Id"])
    return {name: len(ids) for name, ids in found.items()}


def _parsed(messages: Iterable[bytes], kind: str) -> Iterable[dict[str, Any]]:
    for line in messages:
        message = json.loads(line)
        if message.get("type") == kind:
            yield message
