"""Errors as Dagster keeps them: code, what was tried, what came back, the remedy.

Dagster stores the text and the chain of whatever a body of ours raises. So a body raises only
errors of ours, without a chain.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from dagster import Failure

from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.telemetry.incidents import as_flyle_error

P = ParamSpec("P")
T = TypeVar("T")


def failure_of(error: FlyleError) -> Failure:
    """What a step raises; ``error`` is its cause and has no cause itself.

    The run's page shows the description first: the reason and the remedy on a line each, before
    the table of the metadata and the stack trace.
    """
    failure = Failure(
        description=_reason_and_remedy(error),
        metadata={
            "code": error.code,
            "tried": f"{error.tried.en} / {error.tried.ja}",
            "came back": f"{error.came_back.en} / {error.came_back.ja}",
            "remedy": f"{error.remedy.en} / {error.remedy.ja}",
            **({"incident": error.incident} if error.incident else {}),
        },
        allow_retries=error.retryable,
    )
    failure.__cause__ = error
    return failure


def _reason_and_remedy(error: FlyleError) -> str:
    return "\n".join(
        (
            f"[{error.code}] {error.history.en}",
            f"Remedy: {error.remedy.en}",
            f"[{error.code}] {error.history.ja}",
            f"対処: {error.remedy.ja}",
        )
    )


def guarded(body: Callable[P, T]) -> Callable[P, T]:
    """A body that Dagster calls (of an asset, a check or an op): it raises only a Failure."""
    told = _tried(body.__name__)
    if inspect.isgeneratorfunction(body):

        @functools.wraps(body)
        def generating(*args: P.args, **kwargs: P.kwargs) -> Iterator[object]:
            try:
                yield from body(*args, **kwargs)
            except Failure:
                raise
            except Exception as raised:  # noqa: BLE001 - the boundary; raised below as a Failure
                error = as_flyle_error(raised, told)
            else:
                return
            raise failure_of(error)

        return generating  # type: ignore[return-value]  # the same generator, seen through

    @functools.wraps(body)
    def calling(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return body(*args, **kwargs)
        except Failure:
            raise
        except Exception as raised:  # noqa: BLE001 - the boundary; raised below as a Failure
            error = as_flyle_error(raised, told)
        raise failure_of(error)

    return calling


def guarded_tick(body: Callable[P, T]) -> Callable[P, T]:
    """The body of a schedule or sensor: it raises only errors of ours, for the tick's page."""
    told = _tried(body.__name__)

    @functools.wraps(body)
    def ticking(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return body(*args, **kwargs)
        except Exception as raised:  # noqa: BLE001 - the boundary; raised below, alone
            error = as_flyle_error(raised, told)
        raise error

    return ticking


def _tried(name: str) -> Text:
    return Text(f"{name} を実行しようとしました", f"Tried to run {name}")
