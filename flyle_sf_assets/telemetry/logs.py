"""Structured logs on stderr: one line per event, JSON or text for people.

Nothing is ever logged to stdout, which belongs to ``--json``. structlog brings rich, pygments and
asyncio: it is loaded by the first event, which most commands do not have.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any, Literal

from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.telemetry.redaction import redacted

EventDict = MutableMapping[str, Any]
Show = Callable[[EventDict], None]
LogFormat = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = ("text", "json")
FORMAT_VARIABLE = "FLYLE_LOG_FORMAT"


def configure(
    *,
    level: str = "INFO",
    log_format: LogFormat | None = None,
    shown: Mapping[str, Show] = MappingProxyType({}),
) -> LogFormat:
    """Configures logging for a process of ours, also for libraries that use structlog.

    ``log_format`` None: text on a terminal, else JSON. Instead of writing an event as text, the
    function of that name in ``shown`` is called: the process shows it in its own way. Returns the
    format.
    """
    chosen: LogFormat = log_format or ("text" if sys.stderr.isatty() else "json")
    _wanted[:] = [_Wanted(level, chosen, shown)]
    if "structlog" in sys.modules:
        _structlog()
    return chosen


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A configuration that structlog gets when it is loaded."""

    level: str
    log_format: LogFormat
    shown: Mapping[str, Show]

    def configure(self, structlog: ModuleType) -> None:
        """Applies it to this process."""
        rendered: list[Any] = [structlog.processors.JSONRenderer(ensure_ascii=False)]
        if self.log_format == "text":
            rendered = [_Shown(self.shown), _for_people]
        level = logging.getLevelName(self.level.upper())
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _without_texts_of_exceptions,
                _redact,
                *rendered,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
            cache_logger_on_first_use=False,
        )


_wanted: list[_Wanted] = []
"""The configuration that structlog does not have yet, if there is one."""
_configuring = threading.Lock()


def _structlog() -> Any:
    """structlog, as it was last configured here."""
    import structlog  # noqa: PLC0415 - a tenth of what `flyle-sf status` costs

    with _configuring:
        while _wanted:
            _wanted.pop().configure(structlog)
    return structlog


def configure_once(*, level: str = "INFO") -> None:
    """The same, unless this process has configured logging already.

    For code in processes that Dagster starts: without it, libraries log to stdout. Their format is
    that of FLYLE_LOG_FORMAT, which the command that starts them has checked.
    """
    if not (_wanted or _structlog().is_configured()):
        written = os.environ.get(FORMAT_VARIABLE)
        configure(level=level, log_format=next((one for one in FORMATS if one == written), None))


@dataclass(frozen=True, slots=True)
class Logger:
    """Writes events of one component by structlog's methods: ``debug`` to ``critical``."""

    component: str

    def __getattr__(self, method: str) -> Any:
        return getattr(_structlog().get_logger(component=self.component), method)


def logger(name: str) -> Logger:
    """A logger whose events have ``component=name`` and the bound tenant and sync."""
    return Logger(name)


def bind(**values: Any) -> Any:
    """A context manager under which every event carries these values (tenant, sync_id, …)."""
    return _structlog().contextvars.bound_contextvars(**values)


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


@dataclass(frozen=True, slots=True)
class _Shown:
    """Passes events of these names on and drops them."""

    by: Mapping[str, Show]

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        show = self.by.get(event["event"])
        if show is None:
            return event
        show(event)
        raise _structlog().DropEvent


def _for_people(_logger: Any, _method: str, event: EventDict) -> str:
    """``warning: record file damaged (dataset=accounts)``: no time, and no part of the program."""
    values = {key: value for key, value in event.items() if key not in _NOT_FOR_PEOPLE and value}
    errors = values.pop("raised", ())
    values |= {str(one["type"]): one["frames"][-1] for one in errors if one["frames"]}
    told = ", ".join(f"{key}={value}" for key, value in values.items())
    return f"{event['level']}: {event['event']}" + (f" ({told})" if told else "")


_NOT_FOR_PEOPLE = frozenset({"event", "level", "timestamp", "component", "run_id", "sync_id"})
