"""No secret and no token in any log, error text, repr or traceback, whatever goes wrong."""

import logging
import traceback
from pathlib import Path

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.connect import open_org
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.salesforce.room import Room

FAULTS = [
    (FaultKind.SESSION_EXPIRED, "/query"),
    (FaultKind.LIMIT_EXCEEDED, "/query"),
    (FaultKind.STATUS, "/query"),
    (FaultKind.RESET, "/query"),
    (FaultKind.TRUNCATED, "/query"),
    (FaultKind.TRUNCATED_SILENTLY, "/query"),
    (FaultKind.STATUS, "/services/oauth2/token"),
    (FaultKind.RESET, "/services/oauth2/token"),
    (FaultKind.TRUNCATED, "/services/oauth2/token"),
    (FaultKind.TRUNCATED_SILENTLY, "/services/oauth2/token"),
    (FaultKind.JOB_FAILED, "/jobs/query"),
    (FaultKind.STATUS, "/jobs/query"),
]


@pytest.mark.parametrize(("kind", "path"), FAULTS)
def test_nothing_that_is_told_holds_a_secret(
    room: Room,
    schemas: dict[str, ObjectSchema],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    kind: FaultKind,
    path: str,
) -> None:
    """Every library's debug log is on; the error's whole chain is printed with its traceback."""
    caplog.set_level(logging.DEBUG)
    statement = soql.select(schemas["Account"], [schemas["Account"].fields[0]])
    tokens: set[str] = set()
    told = []
    room.breaks(kind, path, times=99)
    try:
        with room.open() as org:
            tokens.add(org.session.access.value)
            told.append(repr(org.session.access))
            org.reader.rows(statement)
            org.reader.bulk(statement, tmp_path)
    except errors.FlyleError as error:
        told += [str(error), repr(error), "".join(traceback.format_exception(error))]
    out, err = capfd.readouterr()
    text = "\n".join([*told, caplog.text, out, err])
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    for secret in (room.there.consumer_secret, *tokens):
        assert secret not in text


def test_a_secret_that_the_org_echoes_is_not_told(room: Room) -> None:
    """The consumer secret has no shape of its own: nothing of the request's body is ever told."""
    values = {"KEY": "nobody", "SECRET": "s3cr3t-without-shape"}
    with pytest.raises(errors.NotConnected) as caught:
        open_org(room.connection, lambda ref: values[ref.env or ""], room.access())
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value)
    assert values["SECRET"] not in shown
