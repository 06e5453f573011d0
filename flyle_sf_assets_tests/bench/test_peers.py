"""The comparison with other connectors: what is judged, and what the connectors are given."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from flyle_sf_assets_tests.bench import peer_environments as environments
from flyle_sf_assets_tests.bench.peer_costs import HEAD, Cost
from flyle_sf_assets_tests.bench.peer_programs import measured

OF_ORG = {"Account": 10, "Opportunity": 20}
DELIVERED = Cost("tap", 1.26, 0.0, 2.5, 7, 90, 0, OF_ORG, OF_ORG, 0.4)
REACH = environments.Reach("https://127.0.0.1:4430", "/ca.pem", "key", "secret", "refresh")


def test_a_row_has_every_figure_below_its_title() -> None:
    titles, values = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (HEAD.splitlines()[0], DELIVERED.line())
    )
    assert "| 1.3 |  | 2.5 |" in replace(DELIVERED, postgres_cpu_s=None).line()
    assert dict(zip(titles, values, strict=True)) == {
        "": "tap",
        "CPU s": "1.3",
        "PostgreSQL CPU s": "0.0",
        "wall s": "2.5",
        "API calls": "7",
        "peak MiB": "90",
        "records": "30",
        "load": "0.4",
    }


@pytest.mark.parametrize(
    "other",
    [
        replace(DELIVERED, exit_code=1),
        replace(DELIVERED, records={"Account": 10}),
        replace(DELIVERED, records={"Account": 20, "Opportunity": 10}),
    ],
    ids=["ended with an error", "an object is missing", "as many, but of other objects"],
)
def test_a_row_of_other_records_than_the_org_has_is_marked(other: Cost) -> None:
    """A connector that stops halfway is the fastest of all."""
    assert DELIVERED.is_complete
    assert not other.is_complete
    assert "FAILED" in other.line()


def test_only_the_columns_of_the_load_are_selected_of_a_singer_catalog() -> None:
    found = {
        "streams": [_stream("Account", "Id", "Name", "Fax"), _stream("Contact", "Id")],
    }
    chosen = environments.selected_of_singer(found, {"Account": "Id, Name"})
    assert [stream["stream"] for stream in chosen["streams"]] == ["Account"]
    selected = {
        tuple(entry["breadcrumb"]): entry["metadata"]["selected"]
        for entry in chosen["streams"][0]["metadata"]
    }
    assert selected == {
        (): True,
        ("properties", "Id"): True,
        ("properties", "Name"): True,
        ("properties", "Fax"): False,
    }
    assert chosen["streams"][0]["metadata"][1]["metadata"]["inclusion"] == "available"


def _stream(name: str, *fields: str) -> dict[str, object]:
    of_fields = [
        {"breadcrumb": ["properties", field], "metadata": {"inclusion": "available"}}
        for field in fields
    ]
    return {"stream": name, "metadata": [{"breadcrumb": [], "metadata": {}}, *of_fields]}


def test_the_streams_of_the_load_are_configured_among_log_messages() -> None:
    said = [
        {"type": "LOG", "log": {"level": "INFO", "message": "CATALOG"}},
        {"type": "CATALOG", "catalog": {"streams": [{"name": "Account"}, {"name": "Task"}]}},
    ]
    chosen = environments.configured_of_airbyte(_lines(*said), {"Account": "Id"})
    assert chosen["streams"] == [
        {
            "stream": {"name": "Account"},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]


def test_a_record_that_comes_twice_counts_once() -> None:
    """Of both protocols: a retried page would make up for a lost one."""
    singer = [{"type": "RECORD", "stream": "Account", "record": {"Id": i}} for i in ("1", "1", "2")]
    airbyte = [
        {"type": "RECORD", "record": {"stream": "Opportunity", "data": {"Id": i}}} for i in ("3",)
    ]
    found = environments.counted_records(_lines({"type": "STATE"}, *singer, *airbyte))
    assert found == {"Account": 2, "Opportunity": 1}


def _lines(*messages: Mapping[str, object]) -> list[bytes]:
    return [json.dumps(message).encode() + b"\n" for message in messages]


def test_a_connector_runs_in_its_own_environment_with_the_address_of_the_org() -> None:
    python = Path("/kept/airbyte-1/bin/python")
    command = environments.connector(python, "source-salesforce", REACH, "discover")
    assert command[0] == str(python)
    at = command.index(f"{environments.PROGRAMS}.at_org")
    assert command[at + 1 :] == [REACH.url, "/kept/airbyte-1/bin/source-salesforce", "discover"]


def test_every_version_is_pinned() -> None:
    """Figures of versions that nobody named cannot be measured again."""
    pins = [pin for pins in environments.PINNED.values() for pin in pins]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z-]+(\[[a-z,]+\])?==[\d.]+", pin)] == []


def test_what_a_command_and_its_child_cost_is_counted(tmp_path: Path) -> None:
    """The child keeps 64 MiB more than it starts with, and computes for some tenths of a second."""
    code = "held = b'x' * (64 << 20); print(sum(range(8_000_000)) > 0); raise SystemExit(3)"
    shell = f'"{sys.executable}" -c "{code}"; exit $?'
    cost, output = tmp_path / "cost.json", tmp_path / "output"
    subprocess.run(
        [sys.executable, "-I", "-S", measured.__file__, cost, output, "/bin/sh", "-c", shell],
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    found = json.loads(cost.read_text())
    assert output.read_text() == "True\n"
    assert found["exit_code"] == 3
    assert found["cpu_s"] > 0.05
    assert found["wall_s"] > found["cpu_s"] / 2
    assert 64 < found["peak_mib"] < 120
