"""Attributes that are computed when they are first read.

``functools.cached_property`` of Python 3.11 computes under a lock that all objects of a class share
(gh-87634), so that the login of one tenant waited for those of all others of its process.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):  # noqa: N801 - used as that of functools
    """`functools.cached_property` without a lock, as from Python 3.12 on.

    Two threads that read it first at the same time both compute it; the last value stays.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        value = self._compute(instance)
        # The next read finds it there, and not this descriptor.
        instance.__dict__[self._name] = value
        return value
