"""The examples in docstrings that need an org."""

from pathlib import Path
from typing import Any

from flyle_sf_assets.salesforce.connect import Org, open_org
from flyle_sf_assets.salesforce.describe import describe_all
from flyle_sf_assets.salesforce.query import Reader
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.salesforce.soql import count, select
from flyle_sf_assets_tests.examples import run_examples
from flyle_sf_assets_tests.salesforce.room import Room


def test_examples_of_asking_an_org(
    room: Room, org: Org, schemas: dict[str, ObjectSchema], tmp_path: Path
) -> None:
    """The org has six accounts."""
    names: dict[str, Any] = {
        "connection": room.connection,
        "reveal": room.reveal,
        "access": room.access(),
        "account": schemas["Account"],
        "session": org.session,
        "reader": org.reader,
        "folder": tmp_path,
        "count": count,
        "select": select,
    }
    run_examples(open_org, **names)
    run_examples(Org, **names)
    run_examples(describe_all, **names)
    run_examples(Reader.read, **names)
