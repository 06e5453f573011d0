"""Structured logs on stderr: one line per event, JSON unless stderr is a terminal.

Nothing is ever logged to stdout, which belongs to ``--json``.
"""

import logging
import sys
from typing import Any

import structlog

from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.telemetry.redaction import redacted

EventDict = structlog.typing.EventDict


def configure(*, level: str = "INFO", human: bool | None = None) -> None:
    """Configures logging for a process of ours, also for libraries that use structlog."""
    if human is None:
        human = sys.stderr.isatty()
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if human:
        from structlog.dev import ConsoleRenderer  # noqa: PLC0415 - costs 0.3 s, for people only

        renderer = ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_texts_of_exceptions,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def configure_once(*, level: str = "INFO") -> None:
    """The same, unless this process has configured logging already.

    For code in processes that Dagster starts: without it, libraries log to stdout.
    """
    if not structlog.is_configured():
        configure(level=level)


def logger(name: str) -> Any:
    """A logger whose events have ``component=name`` and the bound tenant and sync."""
    return structlog.get_logger(component=name)


def bind(**values: Any) -> Any:
    """A context manager under which every event carries these values (tenant, sync_id, …)."""
    return structlog.contextvars.bound_contextvars(**values)


def _without_texts_of_exceptions(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """``exc_info`` as types and code locations: the texts of a traceback quote records."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["raised"] = raised(error)
    return event


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    safe: EventDict = redacted(event)
    return safe
