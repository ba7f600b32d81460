"""The gate: advisory locks in front of the row locks, which end the wait before the snapshot is taken.

They only order those who wait; the row lock decides.
"""

from collections.abc import Sequence
from typing import Protocol

from django.db import connection

# The upper part of the bigint keeps these locks apart from each other, and from anybody else's.
RESTAURANT_GATE = 0x4D54 << 48
SERVICE_DAY_GATE = 0x4D55 << 48


class Claim(Protocol):
    """What an attempt is about to lock: service days of one restaurant."""

    @property
    def restaurant_id(self) -> int: ...

    @property
    def service_day_ids(self) -> Sequence[int]: ...


def enter_gate(claimed: Claim, *, is_alone: bool, timeout_milliseconds: int) -> None:
    """Wait, outside a transaction, for service days, beside whoever wants others; or alone for their whole restaurant.

    Raises: `OperationalError` when the time is over.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)",
            [str(timeout_milliseconds), str(timeout_milliseconds + 1000)],
        )
        cursor.execute(_lock_restaurant(claimed) if is_alone else _lock_service_days(claimed))


def leave_gate() -> None:
    """Give back whatever `enter_gate` has got."""
    # After a broken connection there is nothing to give back: its end released the locks.
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all(); RESET lock_timeout; RESET statement_timeout")


def _lock_restaurant(claimed: Claim) -> str:
    return f"SELECT pg_advisory_lock({RESTAURANT_GATE | claimed.restaurant_id})"


def _lock_service_days(claimed: Claim) -> str:
    # From left to right. Whoever waits for the whole restaurant stands in the queue of its lock: nobody passes there.
    days = [f"pg_advisory_lock({SERVICE_DAY_GATE | day_id})" for day_id in sorted(claimed.service_day_ids)]
    return f"SELECT {', '.join([f'pg_advisory_lock_shared({RESTAURANT_GATE | claimed.restaurant_id})', *days])}"
