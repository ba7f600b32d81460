"""The gate: advisory locks in front of the row locks, which end the wait before the snapshot is taken.

They only order the callers that wait; the row lock decides. A caller that had to start over enters the next of three
levels. It stands beside guests of other service days, then beside those of other restaurants, then alone.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from typing import Protocol

from django.db import OperationalError, connection

# The upper part of the bigint keeps these locks apart from each other, and from anybody else's.
EVERYBODY = 0x4D53 << 48
RESTAURANT = 0x4D54 << 48
SERVICE_DAY = 0x4D55 << 48
# No part of the gate: tries to sign in, bookings/services/upkeep/locks.py.
SIGN_IN = 0x4D56 << 48
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


def enter_gate(days: DaysToLock, *, level: GateLevel, terms: Mapping[str, object], timeout_milliseconds: int) -> None:
    """Wait, outside a transaction, until every caller that this level keeps out has left; 1 query.

    `terms` are set for the session until `leave_gate`, so that the transaction begins with them. A caller that wants to
    be alone is content with the restaurant if one inside is held up.

    Raises: `OperationalError` when the time is over.
    """
    if level is GateLevel.EVERYBODY:
        if _has_entered_alone(terms, timeout_milliseconds):
            return
        level = GateLevel.RESTAURANT
    _lock(_locks_of(days, level), terms, timeout_milliseconds)


def leave_gate(terms: Mapping[str, object]) -> None:
    """Give back every lock that `enter_gate` has got, and the terms."""
    # After a broken connection there is nothing to give back: its end released the locks.
    if connection.connection is None or connection.connection.closed:
        return
    reset = "".join(f"; RESET {name}" for name in [*terms, *_timeouts(0)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_unlock_all(){reset}")


def _has_entered_alone(terms: Mapping[str, object], timeout_milliseconds: int) -> bool:
    milliseconds = min(timeout_milliseconds, LONGEST_WAIT_FOR_EVERYBODY_MILLISECONDS)
    try:
        _lock([f"pg_advisory_lock({EVERYBODY})"], terms, milliseconds)
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


def _timeouts(milliseconds: int) -> dict[str, object]:
    return {"lock_timeout": milliseconds, "statement_timeout": milliseconds + 1000}


def _lock(locks: Sequence[str], terms: Mapping[str, object], milliseconds: int) -> None:
    # One round trip; all values are ours. Locks from left to right, always in this order, and granted by the queue:
    # nobody passes who waits for a lock alone.
    given = "".join(f"SET {name} = {value}; " for name, value in {**terms, **_timeouts(milliseconds)}.items())
    with connection.cursor() as cursor:
        cursor.execute(f"{given}SELECT {', '.join(locks)}")
