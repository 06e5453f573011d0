"""Unforeseen exceptions become errors of ours, each with an id that finds its log entry."""

import contextlib
import uuid
from collections.abc import Iterator

from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.telemetry.logs import configure_once, logger
from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.telemetry.unforeseen import error_for

_TOLD = "_flyle_told"

_log = logger("telemetry")


def as_flyle_error(error: Exception, tried: Text) -> FlyleError:
    """The error to show for ``error``, without a cause or context that could quote a record.

    An error of ours stays the same. Any other is logged, once, under a new incident id, which the
    returned error has. Raise the returned error outside the ``except`` block (or ``from None``):
    Dagster stores the texts of whole chains.
    """
    told = getattr(error, _TOLD, None)
    if isinstance(told, FlyleError):
        return told
    if isinstance(error, FlyleError):
        return _alone(error)
    told = error_for(error, tried)
    told.incident = f"inc-{uuid.uuid4().hex[:12]}"
    _write_down(told, error)
    with contextlib.suppress(AttributeError):  # then it would only be logged once more
        setattr(error, _TOLD, told)
    return told


def _alone(error: FlyleError) -> FlyleError:
    """The error without its cause, which is logged."""
    if error.__cause__ is not None or error.__context__ is not None:
        with _log_may_fail():
            _log.info("behind the error", code=error.code, raised=raised(error))
        error.__cause__ = error.__context__ = None
        error.__suppress_context__ = True
    return error


def _write_down(told: FlyleError, error: Exception) -> None:
    with _log_may_fail():
        configure_once()
        _log.error("incident", incident=told.incident, code=told.code, raised=raised(error))


@contextlib.contextmanager
def _log_may_fail() -> Iterator[None]:
    """A log that cannot be written (its disk is full, stderr is closed) must not hide the error."""
    with contextlib.suppress(OSError, ValueError):
        yield
