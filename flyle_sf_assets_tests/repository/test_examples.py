"""The entry points have examples, and those that need no server are run here."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets_tests.examples import run_module

PLAIN = (
    "companies.convert",
    "enriched.affected",
    "enriched.join",
    "errors",
    "installation.environment",
    "lake.files",
    "options.catalog",
    "scheduling.poller",
    "settings.loading",
    "tenants.due_times",
)
"""Modules whose examples need values, frames and files alone."""

ENTRY_POINTS = (
    "check.fit:problems",
    "companies.convert:convert",
    "connection.connect:begin_connect",
    "connection.connect:connect_headless",
    "connection.disconnect:disconnect",
    "definitions:build_defs",
    "enriched.affected:affected_ids",
    "enriched.join:enrich",
    "errors:FlyleError",
    "errors:SettingsInvalid",
    "installation.environment:Environment.from_environment",
    "installation.opened:open_installation",
    "lake.files:Lake.read",
    "lake.files:Lake.write",
    "options.catalog:catalog",
    "preview.preview:preview",
    "raw.plan:plan",
    "salesforce.connect:Org",
    "salesforce.connect:open_org",
    "salesforce.describe:describe_all",
    "salesforce.query:Reader.read",
    "scheduling.poller:poll",
    "settings.loading:load_tenant",
    "store.companies.picklist_options:merge_options",
    "store.companies.upsert:upsert_companies",
    "store.postgres.database:Database.tenant",
    "sync.session:open_refresh",
    "sync.session:run_step",
    "sync.state.committed_state:CommittedState",
    "sync.steps.companies:write_companies",
    "sync.steps.enriched_records:enrich_records",
    "sync.steps.object_schemas:describe_objects",
    "sync.steps.picklist_options:follow_options",
    "sync.steps.raw_records:read_records",
    "tenants.due_times:refreshes_due",
    "tenants.registration:register",
)
"""Where a person who changes the product comes in."""

WITH_SERVERS = (
    "flows/test_examples.py",
    "salesforce/test_examples.py",
    "store/companies/test_examples.py",
)
"""The tests that run the examples for which an org or a database is needed."""

TESTS = Path(__file__).parents[1]


def _entry(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(f"flyle_sf_assets.{module}")
    for part in path.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("module", PLAIN)
def test_plain_examples_say_what_happens(
    module: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example that is wrong teaches what is wrong. They read the demo's settings files."""
    monkeypatch.chdir(root)
    assert run_module(importlib.import_module(f"flyle_sf_assets.{module}")) > 0


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_entry_point_has_an_example_that_is_run(name: str) -> None:
    """Here, in a test with servers, or as a test or another entry point that it names."""
    docstring = inspect.getdoc(_entry(name)) or ""
    module, _, path = name.partition(":")
    if ">>>" in docstring:
        runs = [(TESTS / file).read_text() for file in WITH_SERVERS]
        is_run = re.compile(rf"run_examples\(\s*{re.escape(path)}\b")
        assert module in PLAIN or any(is_run.search(text) for text in runs)
        return
    found = re.search(r"^Example: `+([\w./]+)`+$", docstring, re.MULTILINE)
    assert found is not None, "no example"
    assert _is_there(found[1])


def _is_there(named: str) -> bool:
    """A test file, or an entry point that has an example of its own."""
    if named.endswith(".py"):
        return (TESTS / named).is_file()
    module, _, function = named.rpartition(".")
    return ">>>" in (inspect.getdoc(_entry(f"{module}:{function}")) or "")
