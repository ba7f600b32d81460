"""Stop clients at one exact point, and see in the database that others wait for them."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from pkgutil import resolve_name
from typing import Any

import pytest
from django.db import connection

from tests.helpers.crowd import PATIENCE_SECONDS

WAITING = """
    SELECT count(DISTINCT lock.pid)
    FROM pg_locks AS lock
    INNER JOIN pg_stat_activity AS activity ON lock.pid = activity.pid
    WHERE NOT lock.granted AND activity.datname = current_database()
"""


class Pause:
    """Hold the first caller that arrives, and nobody else, until it is let go."""

    def __init__(self) -> None:
        self._first = threading.Lock()
        self._arrived = threading.Event()
        self._released = threading.Event()

    def pass_through(self) -> None:
        """Wait here if nobody did before."""
        if self._first.acquire(blocking=False):
            self._arrived.set()
            _require(self._released.wait(PATIENCE_SECONDS), "the pause was never released")

    def wait_for_arrival(self) -> None:
        """Wait until a caller is held."""
        _require(self._arrived.wait(PATIENCE_SECONDS), "nobody came to the pause")

    def release(self) -> None:
        """Let the caller go."""
        self._released.set()


class Meeting:
    """Let the first `clients` callers go on only together; later ones pass."""

    def __init__(self, clients: int) -> None:
        self._barrier = threading.Barrier(clients)
        self._places = threading.Semaphore(clients)

    def pass_through(self) -> None:
        """Wait for the others, if there is still a place."""
        if self._places.acquire(blocking=False):
            self._barrier.wait(PATIENCE_SECONDS)


class Points:
    """Put a pause or a meeting before or after a function, named by module and name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def pause_before(self, target: str) -> Pause:
        return self._wrap(target, Pause(), is_before=True)

    def pause_after(self, target: str) -> Pause:
        return self._wrap(target, Pause(), is_before=False)

    def meet_before(self, target: str, *, clients: int) -> Meeting:
        return self._wrap(target, Meeting(clients), is_before=True)

    def replace(self, target: str, replacement: Callable[..., Any]) -> None:
        """Put another function in the place of one."""
        self._monkeypatch.setattr(target, replacement)

    def _wrap(self, target: str, point: Any, *, is_before: bool) -> Any:
        function = resolve_name(target)

        @wraps(function)
        def stopping(*args: Any, **kwargs: Any) -> Any:
            if is_before:
                point.pass_through()
                return function(*args, **kwargs)
            value = function(*args, **kwargs)
            point.pass_through()
            return value

        self._monkeypatch.setattr(target, stopping)
        return point


def wait_until_blocked(clients: int = 1) -> None:
    """Poll pg_locks until that many sessions of this database wait for a lock."""
    deadline = time.monotonic() + PATIENCE_SECONDS / 3
    while count_blocked() < clients:
        _require(time.monotonic() < deadline, "nobody waits for a lock")


def count_blocked() -> int:
    """Count the sessions of this database that wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        count: int = cursor.fetchone()[0]
    return count


def _require(is_fine: bool, message: str) -> None:
    if not is_fine:
        raise AssertionError(message)
