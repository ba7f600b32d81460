"""A property that is computed once for its instance. Pure."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):
    """`functools.cached_property` as it is from Python 3.12 on: without a lock.

    Before, one lock serves all instances of a class: threads wait for each other's properties, those of other requests
    included. Two threads that ask one instance at once may both compute; one value is kept.
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
        # Without `__set__` the value in the instance's own dictionary is found first from now on.
        return self if instance is None else instance.__dict__.setdefault(self._name, self._compute(instance))
