"""The gate: advisory locks in front of the row locks, which end the wait before the snapshot is taken.

They only order the callers that wait; the row lock decides. A caller that had to start over enters the next of three
levels. It stands beside guests of other service days, then beside those of other restaurants, then alone.
"""

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import Protocol

from django.db import OperationalError, connection

# The upper part of the bigint keeps these locks apart from each other, and from anybody else's.
EVERYBODY = 0x4D53 << 48
RESTAURANT = 0x4D54 << 48
SERVICE_DAY = 0x4D55 << 48
# Whoever waits to be alone keeps newcomers waiting, those of other restaurants too: not for longer than this, if
# somebody inside is held up.
LONGEST_WAIT_FOR_EVERYBODY_MILLISECONDS = 2000
LOCK_NOT_AVAILABLE = "55P03"


class GateLevel(IntEnum):
    """The level of the gate: the callers that it keeps out."""

    SERVICE_DAYS = 0
    RESTAURANT = 1
    EVERYBODY = 2


class DaysToLock(Protocol):
    """Service days of one restaurant that an attempt is about to lock."""

    @property
    def restaurant_id(self) -> int: ...

    @property
    def service_day_ids(self) -> Collection[int]: ...


def enter_gate(days: DaysToLock, *, level: GateLevel, timeout_milliseconds: int) -> None:
    """Wait, outside a transaction, until every caller that this level keeps out has left.

    A caller that wants to be alone is content with the restaurant if one inside is held up.

    Raises: `OperationalError` when the time is over.
    """
    if level is GateLevel.EVERYBODY:
        if _has_entered_alone(timeout_milliseconds):
            return
        level = GateLevel.RESTAURANT
    _set_timeouts(timeout_milliseconds)
    _lock(_locks_of(days, level))


def leave_gate() -> None:
    """Give back every lock that `enter_gate` has got."""
    # After a broken connection there is nothing to give back: its end released the locks.
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all(); RESET lock_timeout; RESET statement_timeout")


def _has_entered_alone(timeout_milliseconds: int) -> bool:
    _set_timeouts(min(timeout_milliseconds, LONGEST_WAIT_FOR_EVERYBODY_MILLISECONDS))
    try:
        _lock([f"pg_advisory_lock({EVERYBODY})"])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


def _locks_of(days: DaysToLock, level: GateLevel) -> list[str]:
    shared = f"pg_advisory_lock_shared({EVERYBODY})"
    restaurant = RESTAURANT | days.restaurant_id
    if level is GateLevel.RESTAURANT:
        return [shared, f"pg_advisory_lock({restaurant})"]
    own = [f"pg_advisory_lock({SERVICE_DAY | day_id})" for day_id in sorted(days.service_day_ids)]
    return [shared, f"pg_advisory_lock_shared({restaurant})", *own]


def _set_timeouts(milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)",
            [str(milliseconds), str(milliseconds + 1000)],
        )


def _lock(locks: Sequence[str]) -> None:
    # From left to right, always in this order. Granted by the queue: nobody passes who waits for a lock alone.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(locks)}")
